"""Words that make a search a question, and say nothing of the events that answer it."""

from typing import Final

_WORDS: Final = (
    "what how when where why which whom whose do does did can could would should might must shall i me my we our you"
    " your he him his she her its am being if so any some such"
    " was wie wann warum wo welche welcher welches konnen kann gibt soll sollen"
    " quel quelle quels quelles comment pourquoi quand peut peuvent doit"
    " cual cuales como cuando donde puede pueden debe"
)

#: Interrogatives, auxiliaries and pronouns, folded. None of them is an acronym: not `it`, `us`, `who` and `may`.
QUESTION_WORDS: Final = frozenset(_WORDS.split())
