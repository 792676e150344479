from tests.engines import Judge
def test_a() -> None: Judge()
