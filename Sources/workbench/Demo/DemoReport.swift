import CastAPI
import CastCore
import Foundation
import HumanSpeech

/// What the demo has to say at its end.
struct DemoReport: Sendable {
    var completed: [EpisodeMessage]
    var failures: [EpisodeMessage]
    /// Seconds of audio that were transcribed.
    var audio: Double
    /// From the node's start to the last transcript.
    var took: Duration
    /// Against the known text; nil for somebody else's podcast.
    var errors: WordErrorRate?
    /// The first lines of a transcript.
    var sample: [String]

    static func make(
        of finished: [FinishedEpisode], podcast: DemoPodcast?, begun: ContinuousClock.Instant, api: ServerAPI
    ) async throws -> DemoReport {
        let completed = finished.filter(\.isCompleted)
        let end = completed.map(\.at).max() ?? begun
        let known = Dictionary(uniqueKeysWithValues: (podcast?.episodes ?? []).map { ($0.title, $0.recording) })
        var rates: [WordErrorRate] = []
        var audio = 0.0
        for episode in completed.map(\.episode) {
            let recording = known[episode.title]
            audio += recording?.duration ?? Double(episode.durationSeconds ?? 0)
            if let recording {
                rates.append(.measure(reference: recording.text, hypothesis: try await api.text(of: episode)))
            }
        }
        let first = completed.first?.episode
        let markdown = if let first { try api.markdown(of: first) } else { "" }
        return DemoReport(
            completed: completed.map(\.episode), failures: finished.filter { !$0.isCompleted }.map(\.episode),
            audio: audio, took: begun.duration(to: end), errors: rates.isEmpty ? nil : .total(rates),
            sample: markdown.split(separator: "\n", omittingEmptySubsequences: false).prefix(18).map {
                $0.count > 100 ? $0.prefix(99) + "…" : String($0)
            })
    }

    func text(address: String, folders: DemoFolders) -> String {
        let paths = self.completed.compactMap(\.transcriptPath).map { Paths.short($0, in: folders.data) }
        var lines = [""]
        if let first = paths.first {
            lines += ["\(first) begins:", ""] + self.sample.map { "    \($0)" } + ["    …", ""]
        }
        lines.append("Markdown files:  \(paths.first ?? "none")")
        lines += paths.dropFirst().map { "                 \($0)" }
        lines.append("Audio:           \(Self.number(self.audio / 60)) minutes in \(self.completed.count) episodes")
        lines.append("Speed:           \(self.speed)")
        if let errors = self.errors { lines.append("Word errors:     \(Self.sentence(errors))") }
        lines += self.failures.map { "Failed:          \($0.title): \($0.errorMessage ?? "no reason given")" }
        lines.append("Web page:        it was at \(address)/ and was stopped with the demo; `make show` opens it again")
        return lines.joined(separator: "\n")
    }

    private var speed: String {
        let seconds = Double(self.took.components.seconds) + Double(self.took.components.attoseconds) / 1e18
        guard seconds > 0 else { return "nothing was done" }
        let factor = Self.number(self.audio / seconds)
        return "\(factor) times real time (\(Self.number(seconds)) s from the node's start to the last transcript)"
    }

    private static func sentence(_ errors: WordErrorRate) -> String {
        let parts = [
            (errors.substitutions, "other words"), (errors.deletions, "left out"), (errors.insertions, "added"),
        ]
        let details = parts.map { "\($0) \($1)" }.joined(separator: ", ")
        return "\(self.number(errors.rate * 100, digits: 2)) % of \(errors.words) words (\(details))"
    }

    private static func number(_ value: Double, digits: Int = 1) -> String {
        value.formatted(.number.precision(.fractionLength(digits)).grouping(.never).locale(.init(identifier: "en_US")))
    }
}
