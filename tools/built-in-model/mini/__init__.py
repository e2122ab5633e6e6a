"""The built-in model of Linnet: corpus, tokenizer, training, evaluation and export. See ../README.md."""
