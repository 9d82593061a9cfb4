"""`zoo check`: what CI runs for each model, described by model_config/model.yaml."""
