"""Messages through files arrive whole, once and in order, whoever dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from hebe.launchers.fireworks.mailbox import Message, Reader, Writer, parts

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_messages_arrive_in_order_over_many_files(tmp_path: Path) -> None:
    path = tmp_path / "questions"
    writer, reader = Writer(path, long=1000), Reader(path)
    sent = [Message(number, bytes([number]) * 90) for number in range(1, 100)]
    got: list[Message] = []
    for number, message in enumerate(sent):
        assert message.body is not None
        writer.write(message.number, message.body)
        if number % 7 == 0:
            got += reader.read()
    got += reader.read()
    assert got == sent
    assert reader.read() == []
    assert len(parts(path)) == 1, "files that were read are removed"


def test_whoever_reads_anew_begins_with_the_first_file(tmp_path: Path) -> None:
    path = tmp_path / "questions"
    writer = Writer(path, long=100)
    for number in range(1, 9):
        writer.write(number, b"x" * 60)
    assert [message.number for message in Reader(path).read()] == list(range(1, 9))


def test_a_withdrawn_message_is_named(tmp_path: Path) -> None:
    writer, reader = Writer(tmp_path / "questions"), Reader(tmp_path / "questions")
    writer.write(1, b"do")
    writer.withdraw(1)
    assert reader.read() == [Message(1, b"do"), Message(1, None)]


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(min_value=1, max_value=60), filler=st.sampled_from([b"", b"\0"]))
def test_a_writer_that_died_leaves_nothing_half(
    cut: int, filler: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("mail") / "answers"
    writer = Writer(path)
    writer.write(1, b"first")
    whole = path.with_name("answers.0").read_bytes()
    writer.write(2, b"s" * 60)
    raw = path.with_name("answers.0").read_bytes()
    path.with_name("answers.0").write_bytes(raw[:-cut] + filler * cut)
    reader = Reader(path)
    assert reader.read() == [Message(1, b"first")]
    again = Writer(path)
    assert again.latest == 1
    assert path.with_name("answers.0").read_bytes() == whole
    again.write(2, b"second")
    assert reader.read() == [Message(2, b"second")]


def test_the_latest_number_is_known_in_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "answers"
    writer, reader = Writer(path, long=100), Reader(path)
    for number in range(1, 6):
        writer.write(number, b"x" * 150)
    reader.read()
    assert len(parts(path)) == 1
    assert Writer(path).latest == 5
