"""The image of a pipeline's runner, built and tried here without pulling anything (`make image`)."""
