"""Listeners for tests."""

from collections.abc import Callable

from warmstart.events import Event, Events, Listener, Warned


def warnings(show: Callable[[str], object]) -> Events:
    """Events of which only warnings are heard, as lines."""

    def hear(event: Event) -> None:
        if isinstance(event, Warned):
            show(event.text)

    return Events(hear)


def only(kind: type, show: Callable[..., object]) -> Listener:
    """A listener to one kind of event."""

    def hear(event: Event) -> None:
        if isinstance(event, kind):
            show(event)

    return hear
