import CastAPI
import CastCore

/// An episode that is completed or has failed, and when it came to that.
struct FinishedEpisode: Sendable {
    var episode: EpisodeMessage
    var at: ContinuousClock.Instant

    var isCompleted: Bool { self.episode.status == .completed }
}

/// Follows episodes until none of them is left to do, and shows how far they are.
struct Progress: Sendable {
    var api: ServerAPI
    /// Nothing at all has changed for this long: something hangs.
    var patience: Duration = .seconds(600)

    func follow(
        _ episodes: [EpisodeMessage], since begun: ContinuousClock.Instant
    ) async throws -> [FinishedEpisode] {
        var table = ProgressTable(isTerminal: Console.isTerminal)
        var finished: [EpisodeID: FinishedEpisode] = [:]
        var started: [EpisodeID: ContinuousClock.Instant] = [:]
        var last: (rows: [ProgressTable.Row], at: ContinuousClock.Instant) = ([], begun)
        while true {
            let running = try await self.api.running()
            var rows: [ProgressTable.Row] = []
            for episode in episodes {
                let current = try await self.current(episode, finished: finished)
                let now = ContinuousClock.now
                if current.isFinished, finished[episode.id] == nil {
                    finished[episode.id] = FinishedEpisode(episode: current, at: now)
                }
                let job = running[episode.id]
                if current.status == .transcribing, started[episode.id] == nil { started[episode.id] = now }
                let end = finished[episode.id]?.at ?? now
                rows.append(self.row(current, job: job, elapsed: (started[episode.id] ?? end).duration(to: end)))
            }
            Console.write(table.update(rows))
            if finished.count == episodes.count { return episodes.compactMap { finished[$0.id] } }

            let now = ContinuousClock.now
            if rows.map(\.timeless) != last.rows { last = (rows.map(\.timeless), now) }
            guard now - last.at < self.patience else {
                throw CastError(.timedOut, "Nothing has moved for \(self.patience).")
            }
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    private func current(
        _ episode: EpisodeMessage, finished: [EpisodeID: FinishedEpisode]
    ) async throws -> EpisodeMessage {
        if let done = finished[episode.id] { return done.episode }
        return try await self.api.episode(episode.id)
    }

    private func row(_ episode: EpisodeMessage, job: RunningJob?, elapsed: Duration) -> ProgressTable.Row {
        let (state, percent) =
            switch (episode.status, job) {
            case (.completed, _): ("completed", 100)
            case (.failed, _): ("failed", 0)
            case (.transcribing, .transcription(let percent)): ("transcribing", percent)
            case (_, .transcription): ("at the node", 0)
            case (_, .download): ("downloading", 0)
            case (_, nil): ("queued", 0)
            }
        return ProgressTable.Row(
            title: episode.title, duration: episode.durationSeconds.map(Double.init), state: state, percent: percent,
            elapsed: elapsed)
    }
}

extension ProgressTable.Row {
    /// Without the time, which always moves.
    fileprivate var timeless: Self {
        var row = self
        row.elapsed = .zero
        return row
    }
}
