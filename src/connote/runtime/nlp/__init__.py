"""What trained models do with texts: their tasks, from text to model input and from model output to result."""
