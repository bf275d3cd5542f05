"""From live hosts to a stack file that declares them as they are."""
