"""Made papers in the form of Cora or Citeseer: words and citations, in Planetoid's layout.

Cora has 1,433 words, Citeseer 3,703; a paper has a one for each word that stands in it. Here a paper of a topic has 16
words, three quarters of them out of its topic's own share of the list, and cites papers of its topic rather than
others. The words are not theirs, whose lists are not published with them: what a network that was trained on these says
of them has no meaning, and only shows that every step works.

It rests on numpy's RandomState, whose numbers never change between versions.
"""

from pathlib import Path

import numpy as np

from utils.datasets.graph import Graph, NodeTruth, unique_edges
from utils.datasets.samples.graphs import write_planetoid
from utils.datasets.samples.once import written_once

SEED = 20260408
WORDS = 1433
# In Planetoid's order, which the sizes of the classes show
TOPICS = (
    "theory",
    "reinforcement learning",
    "genetic algorithms",
    "neural networks",
    "probabilistic methods",
    "case based",
    "rule learning",
)
CITESEER_WORDS = 3703
CITESEER_TOPICS = (
    "artificial intelligence",
    "machine learning",
    "information retrieval",
    "databases",
    "agents",
    "human-computer interaction",
)
GRAPHS, PAPERS, TOLD, OWN_WORDS, OTHER_WORDS, CITED = 4, 70, 2, 12, 4, 3


def papers(seed: int, words: int = WORDS, topics: int = len(TOPICS)) -> tuple[Graph, NodeTruth]:
    """A graph of 70 papers, as many a topic; the first two of each topic are told, and come first.

    Args:
        seed: which graph.
        words: how many words there are.
        topics: how many topics.
    """
    random = np.random.RandomState([SEED, seed])
    labels = np.arange(PAPERS) % topics
    features = np.zeros((PAPERS, words), np.float32)
    share = words // topics
    for paper, topic in enumerate(labels):
        features[paper, topic * share + random.permutation(share)[:OWN_WORDS]] = 1
        features[paper, random.permutation(words)[:OTHER_WORDS]] = 1
    sources = np.repeat(np.arange(PAPERS), CITED)
    same = random.random_sample(len(sources)) < 0.8
    near = labels[sources] + topics * random.randint(PAPERS // topics, size=len(sources))
    targets = np.where(same, near, random.randint(PAPERS, size=len(sources)))
    known = np.where(np.arange(PAPERS) < TOLD * topics, labels, -1)
    names = tuple(f"paper {paper + 1}" for paper in range(PAPERS))
    return Graph(names, features, unique_edges(sources, targets), known), NodeTruth(labels, known < 0)


@written_once
def write_papers(folder: Path, words: int = WORDS, topics: int = len(TOPICS)) -> None:
    """Write four graphs. The folder appears as a whole; one that already has content is left as it is.

    Args:
        folder: where.
        words: how many words there are.
        topics: how many topics.

    Raises:
        DataError: the folder cannot be written.
    """
    for number in range(GRAPHS):
        write_planetoid(folder, f"papers{number}", *papers(number, words, topics), topics)
