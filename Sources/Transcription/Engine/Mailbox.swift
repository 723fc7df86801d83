import Synchronization

/// A queue between tasks with one reader at a time.
///
/// Unlike an `AsyncStream` its reader may change, so that what waits outlives the process that was to take it.
final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var items: [Element] = []
        var reader: CheckedContinuation<Element?, Never>?
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Puts an element in, unless the box is closed.
    ///
    /// - Returns: Whether it was taken.
    @discardableResult func put(_ element: Element) -> Bool {
        let (isTaken, reader) = self.state.withLock { state -> (Bool, CheckedContinuation<Element?, Never>?) in
            guard !state.isClosed else { return (false, nil) }
            guard let reader = state.reader else {
                state.items.append(element)
                return (true, nil)
            }
            state.reader = nil
            return (true, reader)
        }
        reader?.resume(returning: element)
        return isTaken
    }

    /// Puts an element back that was taken too early: it is the next one again, even if the box has been closed since.
    func putBack(_ element: Element) {
        let reader = self.state.withLock { state in
            guard let reader = state.reader else {
                state.items.insert(element, at: 0)
                return nil as CheckedContinuation<Element?, Never>?
            }
            state.reader = nil
            return reader
        }
        reader?.resume(returning: element)
    }

    /// Everything that is in it now.
    func takeAll() -> [Element] {
        self.state.withLock { state in
            defer { state.items = [] }
            return state.items
        }
    }

    /// Nothing more comes; what is in it can still be read.
    func close() {
        let reader = self.state.withLock { state in
            state.isClosed = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    /// The next element; nil when the box is closed and empty, or the task is cancelled.
    func next() async -> Element? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { reader in
                let (element, isReady) = self.state.withLock { state -> (Element?, Bool) in
                    if !state.items.isEmpty { return (state.items.removeFirst(), true) }
                    if state.isClosed || Task.isCancelled { return (nil, true) }
                    state.reader = reader
                    return (nil, false)
                }
                if isReady { reader.resume(returning: element) }
            }
        } onCancel: {
            let reader = self.state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(returning: nil)
        }
    }
}
