"""Captions, tags and text on screen by any OpenAI-compatible vision endpoint, as a model for RunInference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from apache_beam.ml.inference.base import ModelHandler, PredictionResult

from blift.connectors.models.allowance import Allowance
from blift.connectors.models.cache import AnswerCache, Kept
from blift.connectors.models.client import Client, Failed, Spent, unanswered
from blift.connectors.models.config import EndpointConfig
from blift.connectors.models.pictures import Answer, Outcome, Picture, PictureShare, answer_table, distinct, read_again
from blift.connectors.models.prompt import PROMPT_VERSION, Unreadable, question, read_reply
from blift.schemas.errors import InputError

#: Questions that are under way or wait for a thread, for each thread; limits are looked at between such waves.
_WAVE = 4
#: Pictures in a row without a usable answer after which the endpoint is taken for dead.
_FAILURES_IN_A_ROW = 20
#: Statuses by which servers refuse a `response_format` that they do not know.
_REFUSED_FORMAT = frozenset({400, 422, 501})


class VisionEndpoint(ModelHandler[PictureShare, PredictionResult, "Asker"]):
    """Tables of pictures to tables of answers: one row for each distinct picture, sorted by digest.

    An example is a share of the run's limits with all pictures of that share: so the limits hold exactly, whatever
    the workers do, and which pictures are described does not depend on timing. A bundle that the runner repeats
    starts its share anew; what it was answered before comes from the cache.
    """

    def __init__(self, config: EndpointConfig) -> None:
        super().__init__(min_batch_size=1, max_batch_size=1)
        self._config = config

    def load_model(self) -> Asker:
        """Connections to the endpoint.

        Raises:
            RecipeError: the key is not in the environment.
        """
        return Asker(self._config)

    def run_inference(
        self, batch: Sequence[PictureShare], model: Asker, _inference_args: Mapping[str, Any] | None = None
    ) -> Iterable[PredictionResult]:
        """Ask about all pictures of every share, `concurrency` at a time.

        Raises:
            RecipeError: the endpoint knows neither the key nor the model.
            InputError: it does not answer any more.
        """
        for share in batch:
            index, pictures = share
            asked = distinct(pictures)
            answers = model.answers(asked, self._config.limits.share(index, self._config.max_answer_tokens))
            yield PredictionResult(share, answer_table([digest for digest, _ in asked], answers))

    def get_num_bytes(self, batch: Sequence[PictureShare]) -> int:
        return sum(int(pictures.nbytes) for _, pictures in batch)

    def get_metrics_namespace(self) -> str:
        return "blift.endpoint"


class Asker:
    """Asks one endpoint about pictures, through the cache. Threads may use it together."""

    def __init__(self, config: EndpointConfig) -> None:
        self._config = config
        self._client = Client(config.address, config.concurrency)
        self._structured = True
        self._cache = AnswerCache(
            config.cache,
            {
                "model": config.model,
                "prompt": config.prompt,
                "prompt_version": PROMPT_VERSION,
                "max_answer_tokens": config.max_answer_tokens,
            },
        )

    def answers(self, pictures: Sequence[tuple[str, str]], allowance: Allowance) -> list[Answer]:
        """An answer for each ``(digest, path)``, in order.

        The first picture is asked alone: it shows what a question costs, and whether the endpoint works at all.
        """
        found: list[Answer] = []
        admitted = pictures[: allowance.places]
        failures = 0
        with ThreadPoolExecutor(self._config.concurrency, "ask") as threads:
            try:
                while wave := self._wave(admitted, len(found), allowance):
                    for answer in threads.map(partial(self._answer, allowance), wave):
                        found.append(answer)
                        failures = failures + 1 if answer.outcome is Outcome.FAILED else 0
                        if failures == _FAILURES_IN_A_ROW:
                            raise unanswered(self._config.address.url, failures, answer.detail or "")
            finally:
                threads.shutdown(cancel_futures=True)
        return found + [Answer(Outcome.LEFT)] * (len(pictures) - len(found))

    def _wave(self, pictures: Sequence[tuple[str, str]], start: int, allowance: Allowance) -> Sequence[tuple[str, str]]:
        wanted = min(len(pictures) - start, self._config.concurrency * _WAVE if start else 1)
        return pictures[start : start + allowance.affordable(wanted)]

    def _answer(self, allowance: Allowance, asked: tuple[str, str]) -> Answer:
        digest, path = asked
        kept = self._cache.get(digest)
        if kept is not None:
            allowance.remember(kept.tokens)
            allowance.saw_prompt(kept.prompt_tokens)
            return _described(kept)
        try:
            picture = read_again(path, digest)
        except InputError as error:
            return Answer(Outcome.UNREADABLE, str(error))
        try:
            kept = self._ask(picture, allowance)
        except Spent:
            return Answer(Outcome.LEFT)
        except (Failed, Unreadable) as error:
            return Answer(Outcome.FAILED, error.detail)
        self._cache.put(digest, kept)
        return _described(kept)

    def _ask(self, picture: Picture, allowance: Allowance) -> Kept:
        """Ask, and once more where the answer cannot be read."""
        spent = 0
        for again in (False, True):
            body = self._post(picture, allowance, again=again)
            try:
                reply = read_reply(body)
            except Unreadable as error:
                spent += allowance.settle(error.tokens)
                if again:
                    raise
                continue
            spent += allowance.settle(reply.tokens)
            allowance.saw_prompt(reply.prompt_tokens)
            return Kept(reply.description, reply.prompt_tokens or 0, spent)
        raise AssertionError

    def _post(self, picture: Picture, allowance: Allowance, *, again: bool) -> bytes:
        """The answer's body; a server that refuses the JSON schema is asked without it from then on."""
        if self._structured:
            try:
                return self._client.post(self._question(picture, structured=True, again=again), allowance)
            except Failed as error:
                if error.status not in _REFUSED_FORMAT:
                    raise
        body = self._client.post(self._question(picture, structured=False, again=again), allowance)
        self._structured = False
        return body

    def _question(self, picture: Picture, *, structured: bool, again: bool) -> dict[str, Any]:
        config = self._config
        return question(
            picture, config.model, config.prompt, config.max_answer_tokens, structured=structured, again=again
        )


def _described(kept: Kept) -> Answer:
    said = kept.description
    return Answer(Outcome.DESCRIBED, None, said.caption, said.tags, said.screen_text)
