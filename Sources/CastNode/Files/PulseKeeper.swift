import CastClient
import CastCore
import Foundation
import Synchronization

/// Keeps the worker's pulse on disk, for the watchdog of a rented machine: `pulse.json` in the home folder.
final class PulseKeeper: Sendable {
    private struct Marks {
        var answeredAt: Date?
        var progressedAt: Date?
        var jobs: [NodeState.HeldJob] = []
        var written: Pulse?
    }

    /// How old what is on disk may get.
    static let interval: TimeInterval = 5
    private let url: URL
    private let startedAt = Date()
    private let now: @Sendable () -> Date
    private let marks = Mutex(Marks())

    init(_ home: HomeFolder, now: @escaping @Sendable () -> Date = { Date() }) {
        self.url = URL(fileURLWithPath: home.pulsePath)
        self.now = now
    }

    /// The server gave a useful answer.
    func noteAnswer() { self.marks.withLock { $0.answeredAt = self.now() } }

    /// Something moved.
    func noteProgress() { self.marks.withLock { $0.progressedAt = self.now() } }

    /// Writes the pulse if it says something new, or if what is on disk is getting old.
    func beat(holding jobs: [NodeState.HeldJob]) {
        let now = self.now()
        let pulse = self.marks.withLock { marks -> Pulse? in
            // A job that came, went, or got on.
            if jobs != marks.jobs {
                marks.jobs = jobs
                marks.progressedAt = now
            }
            let pulse = Pulse(
                pid: ProcessInfo.processInfo.processIdentifier, startedAt: self.startedAt.timeIntervalSince1970,
                writtenAt: now.timeIntervalSince1970, serverAnsweredAt: marks.answeredAt?.timeIntervalSince1970,
                progressedAt: marks.progressedAt?.timeIntervalSince1970, jobs: jobs.map(\.handle.job.rawValue))
            if let written = marks.written, written.isAsFar(as: pulse),
                pulse.writtenAt - written.writtenAt < Self.interval
            {
                return nil
            }
            marks.written = pulse
            return pulse
        }
        if let pulse { self.write(pulse) }
    }

    private func write(_ pulse: Pulse) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let data = try? encoder.encode(pulse) else { return }
        do {
            try data.write(to: self.url, options: .atomic)
        } catch {
            // A full disk must not make a worker look dead: in its own place a file needs no new space.
            guard let file = try? FileHandle(forWritingTo: self.url) else { return }
            try? file.write(contentsOf: data)
            try? file.truncate(atOffset: UInt64(data.count))
            try? file.close()
        }
    }
}

extension NodeRunner {
    /// Shows that this process lives and gets on, by the real clock: whoever looks has no other.
    func beat() async {
        while !Task.isCancelled {
            self.pulse.beat(holding: self.state.withLock { $0.jobs })
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
