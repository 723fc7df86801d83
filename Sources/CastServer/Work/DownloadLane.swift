import CastCore
import Synchronization

/// A download's job was taken away, or is gone.
struct JobLost: Error {}

/// What the downloads that run side by side know of one another.
final class DownloadLane: Sendable {
    private struct State {
        var isFull = false
        /// The episodes that are being fetched, with the file that it goes to once that is known.
        var files: [EpisodeID: String?] = [:]
    }

    private let state = Mutex(State())

    /// Takes an episode, unless somebody has it.
    func enter(_ episode: EpisodeID) -> Bool {
        self.state.withLock {
            guard $0.files[episode] == nil else { return false }
            $0.files[episode] = .some(nil)
            return true
        }
    }

    func leave(_ episode: EpisodeID) { self.state.withLock { _ = $0.files.removeValue(forKey: episode) } }

    func note(_ path: String, of episode: EpisodeID) { self.state.withLock { $0.files[episode] = path } }

    func path(of episode: EpisodeID) -> String? { self.state.withLock { $0.files[episode] ?? nil } }

    /// - Returns: Whether that is news.
    func noteFull() -> Bool { self.change(isFull: true) }

    /// - Returns: Whether that is news.
    func noteSpace() -> Bool { self.change(isFull: false) }

    private func change(isFull: Bool) -> Bool {
        self.state.withLock {
            guard $0.isFull != isFull else { return false }
            $0.isFull = isFull
            return true
        }
    }
}

/// Lets every so many percent pass: enough for the eye, and cheap.
final class ProgressGate: Sendable {
    private let step: Int
    private let last = Mutex(0)

    init(step: Int) { self.step = step }

    func pass(_ share: Double) -> Int? {
        let percent = Int(share * 100)
        return self.last.withLock { last in
            guard percent >= last + self.step else { return nil }
            last = percent
            return percent
        }
    }
}
