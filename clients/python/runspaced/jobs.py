"""Jobs: one command over many targets, kept by the daemon."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from .api import Api, Leaving
from .commands import Preferences, StartOptions, start_request
from .error import RunspaceError
from .gen.runspace.v1 import job_pb2, session_pb2
from .input import numbered_items
from .kinds import GapReason, JobState, Stream, ValueFormat, numbers
from .methods import (
    ACKNOWLEDGE_JOB,
    DELETE_JOB,
    GET_JOB,
    LIST_JOBS,
    RECEIVE_JOB,
    START_JOB,
    STOP_JOB,
    WAIT_JOB,
    WATCH_JOBS,
)
from .record import GapRecord, Record, joined, origin_of
from .times import Span, duration, seconds_of

#: A job with its children, as the API has it; the states of both are ``JobState``, a child's outcome is a ``JobOutcome``.
Job = job_pb2.Job

_LONGEST_WAIT = 30.0


@dataclass(frozen=True)
class NewSession:
    """A target of a job where the daemon opens a session, which is ended when the command is over."""

    #: By default PowerShell where one is found.
    engine: str = ""
    working_directory: str = ""
    configuration: str = ""


@dataclass(frozen=True)
class Attached:
    """A command that was started already, which a job takes up."""

    session: str
    #: By default the session's newest.
    pipeline: str = ""
    #: The job ends the session when the command is over.
    end_session: bool = False


@dataclass(frozen=True)
class JobRecords:
    """Records of one child of a job."""

    #: The child's place in the list of targets.
    child_index: int
    records: Sequence[Record]
    #: Says that this child was read up to here: for ``receive(cursors=…)``.
    cursor: str


@dataclass(frozen=True)
class JobChange:
    """What a watcher hears: a job as it is now, or the id of one that is gone."""

    #: The job; None where it is gone.
    job: Job | None
    job_id: str


class Jobs:
    """Jobs. Each is named by its number, id or name, a child by its own number or name."""

    def __init__(self, api: Api) -> None:
        """Made by ``Client``."""
        self._api = api

    def start(
        self,
        script: str,
        targets: Iterable[str | int | NewSession | Attached],
        *,
        name: str = "",
        throttle_limit: int = 0,
        arguments: Sequence[object] = (),
        named_arguments: Mapping[str, object] | None = None,
        using: Mapping[str, object] | None = None,
        preferences: Preferences | None = None,
        input: Iterable[object] | None = None,
        connect_timeout: Span | None = None,
        run_timeout: Span | None = None,
        output_timeout: Span | None = None,
        total_timeout: Span | None = None,
        request_id: str | None = None,
        timeout: Span | None = None,
    ) -> Job:
        """Starts a job and gives it at once. A target is a session (number, id or name), a ``NewSession``, or a command
        that was started already (``Attached``). ``throttle_limit``: most that run at one time; 0 means 32. ``input`` is
        read to its end first, and every target gets all of it; 16 MiB at most."""
        options = StartOptions(
            arguments=arguments,
            named_arguments=named_arguments or {},
            using=using or {},
            preferences=preferences,
            run_timeout=run_timeout,
            output_timeout=output_timeout,
            request_id=request_id,
        )
        start = start_request(self._api, "", script, options)
        request = job_pb2.StartJobRequest(
            request_id=start.request_id,
            client_id=start.client_id,
            name=name,
            command=start.command,
            targets=[_target(target) for target in targets],
            throttle_limit=throttle_limit,
            connect_timeout=duration(connect_timeout),
            run_timeout=duration(run_timeout),
            output_timeout=duration(output_timeout),
            timeout=duration(total_timeout),
        )
        if input is not None:
            request.input.SetInParent()
            request.input.items.extend(numbered_items(input))
        return self._api.unary(START_JOB, request, timeout).job

    def receive(
        self,
        job: str | int,
        *,
        wait: bool = False,
        keep: bool = False,
        from_start: bool = False,
        locations: Sequence[str] = (),
        sessions: Sequence[str] = (),
        streams: Sequence[Stream] = (),
        cursors: Sequence[str] = (),
        format: ValueFormat = ValueFormat.UNSPECIFIED,
        timeout: Span | None = None,
    ) -> Generator[JobRecords, None, None]:
        """What a job's children wrote and nobody has received: child by child what there is now, or with ``wait`` in the
        order of arrival until the job is over. A lost stream is opened again where it was; each record comes once.
        What was handed out is acknowledged as the consumer goes on, unless ``keep`` leaves it new."""
        request = job_pb2.ReceiveJobRequest(
            job=str(job),
            wait=wait,
            from_start=from_start,
            locations=locations,
            sessions=sessions,
            streams=numbers(streams),
        )
        request.format = int(format)  # type: ignore[assignment]
        last: dict[int, str] = {}
        leaving = Leaving(timeout)
        backoff = self._api.backoff(leaving)
        while True:
            del request.cursors[:]
            request.cursors.extend([*cursors, *last.values()])
            try:
                with closing(self._api.stream(RECEIVE_JOB, request, leaving)) as answers:
                    for answer in answers:
                        backoff.reset()
                        if answer.WhichOneof("event") != "records":
                            continue
                        found = answer.records
                        last[found.child_index] = found.cursor
                        yield JobRecords(found.child_index, _records_of(found), found.cursor)
                        if not keep:
                            self._acknowledge(str(job), found.cursor)
                return
            except RunspaceError as error:
                backoff.pause_after(error)

    def get(self, job: str | int, *, timeout: Span | None = None) -> Job:
        """One job with its children."""
        return self._api.unary(GET_JOB, job_pb2.GetJobRequest(job=str(job)), timeout).job

    def list(
        self,
        jobs: Sequence[str | int] = (),
        *,
        states: Sequence[JobState] = (),
        include_children: bool = False,
        timeout: Span | None = None,
    ) -> list[Job]:
        """The caller's jobs, by number. ``jobs``: only these numbers, ids, names or patterns."""
        found: list[Job] = []
        request = job_pb2.ListJobsRequest(
            jobs=[str(job) for job in jobs], states=numbers(states), include_children=include_children
        )
        while True:
            page = self._api.unary(LIST_JOBS, request, timeout)
            found.extend(page.jobs)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def wait(
        self, jobs: Sequence[str | int], *, any: bool = False, timeout: Span | None = None
    ) -> Sequence[Job]:
        """Waits until all, or ``any``, of the jobs are over and gives those; nothing when the time is up first."""
        until = None if timeout is None else time.monotonic() + seconds_of(timeout)
        while True:
            left = _LONGEST_WAIT if until is None else max(0.0, until - time.monotonic())
            once = min(left, _LONGEST_WAIT)
            request = job_pb2.WaitJobRequest(
                jobs=[str(job) for job in jobs], any=any, timeout=duration(once)
            )
            over = self._api.unary(WAIT_JOB, request, once + 30).jobs
            if over or (until is not None and time.monotonic() >= until):
                return list(over)

    def stop(self, job: str | int, *, timeout: Span | None = None) -> Job:
        """Ends what of a job, or of one child, has not ended."""
        return self._api.unary(STOP_JOB, job_pb2.StopJobRequest(job=str(job)), timeout).job

    def remove(self, job: str | int, *, force: bool = False, timeout: Span | None = None) -> Job:
        """Forgets a job; one that is not over only with ``force``, which stops it first."""
        request = job_pb2.DeleteJobRequest(job=str(job), force=force)
        return self._api.unary(DELETE_JOB, request, timeout).job

    def watch(
        self, jobs: Sequence[str | int] = (), *, timeout: Span | None = None
    ) -> Generator[JobChange, None, None]:
        """Jobs as they are, then every change. All are told again when the daemon was restarted."""
        request = job_pb2.WatchJobsRequest(jobs=[str(job) for job in jobs])
        for answer in self._api.reopening(WATCH_JOBS, request, Leaving(timeout), ends=False):
            kind = None if answer is None else answer.WhichOneof("event")
            if answer is None:
                continue
            if kind == "job":
                yield JobChange(answer.job, answer.job.id)
            elif kind == "removed_job_id":
                yield JobChange(None, answer.removed_job_id)

    def _acknowledge(self, job: str, cursor: str) -> None:
        self._api.unary(ACKNOWLEDGE_JOB, job_pb2.AcknowledgeJobRequest(job=job, cursors=[cursor]))


def _target(target: str | int | NewSession | Attached) -> job_pb2.JobTarget:
    if isinstance(target, NewSession):
        create = session_pb2.CreateSessionRequest(
            engine=target.engine,
            working_directory=target.working_directory,
            configuration=target.configuration,
        )
        return job_pb2.JobTarget(create=create)
    if isinstance(target, Attached):
        attached = job_pb2.AttachedCommand(
            session=target.session, pipeline=target.pipeline, end_session=target.end_session
        )
        return job_pb2.JobTarget(attached=attached)
    return job_pb2.JobTarget(session=str(target))


def _records_of(found: job_pb2.JobRecords) -> Sequence[Record]:
    origin = origin_of(found.origin)
    if found.WhichOneof("content") == "gap":
        gap = found.gap
        return [GapRecord(getattr(gap, "from"), gap.to, GapReason(gap.reason), origin)]
    return [joined(record, origin) for record in found.batch.records]
