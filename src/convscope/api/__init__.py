"""One module per verb, named as the verb: signature and orchestration together."""
