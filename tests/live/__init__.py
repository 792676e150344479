"""The suite that goes to Google Cloud itself: `pytest --live --project P --dataset D`, off unless asked for, since it costs
a cent or so and takes as long as a batch does. It drops what it made."""
