"""The proof that held-out cases share no 8 words in a row with the training corpus, outside fixed prompts.

Words are runs of letters, digits and underscores, in lower case; everything a case gives the model is looked at, except
messages that are FIXED_PROMPTS, and the one fixed line of the tool skill. References are looked at, too, where a skill's
answers are not meant to be known (facts and refusals are). Knows no tokens.
"""
import re

from .conversation import TOOL_ORDER
from .corpus import FIXED_PROMPTS

N = 8
_WORD = re.compile(r'\w+')
_FIXED = set(FIXED_PROMPTS)


def ngrams(text):
    found = _WORD.findall(text.lower())
    return {tuple(found[i:i + N]) for i in range(len(found) - N + 1)}


def of_message(content):
    return set() if content in _FIXED else ngrams(content.replace(TOOL_ORDER, ' '))


def shared(cases, conversations):
    """{8-gram: [case ids]} of what occurs in both. `cases` as read from their files."""
    wanted = {}
    for case in cases:
        for message in case['messages']:
            # An assistant turn within a case is given text; its outline skeleton is checked with the other words of it.
            if message['role'] != 'assistant':
                for gram in of_message(message['content']):
                    wanted.setdefault(gram, []).append(case['id'])
    found = {}
    for conversation in conversations:
        for message in conversation.messages:
            for gram in of_message(message.content):
                if gram in wanted:
                    found[gram] = wanted[gram]
    return found, len(wanted)
