import Foundation

/// What an import did, or would do.
package struct ImportReport: Sendable, Equatable, Codable {
    /// How many of one sort there were, came, and were here before.
    package struct Count: Sendable, Equatable, Codable {
        package var found = 0
        package var taken = 0
        /// Here already, and left as it is.
        package var present = 0

        package init() {}
    }

    package var isDryRun: Bool
    package var feeds = Count()
    package var episodes = Count()
    package var transcripts = Count()
    /// Of the transcripts that came, those whose file was lost and that the old search index gave back.
    package var recoveredTranscripts = 0
    package var audio = Count()
    /// Bytes of the audio that came.
    package var audioBytes: Int64 = 0
    package var nodes = Count()
    package var jobs = Count()
    package var settings = Count()
    package var notTaken: [NotTaken] = []

    package init(isDryRun: Bool) { self.isDryRun = isDryRun }

    enum CodingKeys: String, CodingKey {
        case feeds, episodes, transcripts, audio, nodes, jobs, settings
        case isDryRun = "dry_run"
        case recoveredTranscripts = "recovered_transcripts"
        case audioBytes = "audio_bytes"
        case notTaken = "not_taken"
    }

    package mutating func leaveOut(_ kind: NotTaken.Kind, id: String, name: String, _ reason: NotTaken.Reason) {
        self.notTaken.append(NotTaken(kind, id: id, name: name, reason: reason))
    }

    /// For people: a line a sort, then what does not come, by reason.
    ///
    /// - Parameter longest: How many names are shown of each reason; nil for all.
    package func text(longest: Int? = 10) -> String {
        let verb = self.isDryRun ? "would come" : "came"
        var lines = [self.isDryRun ? "Nothing was written. This would come:" : "The import is done:"]
        let sorts: [(String, Count, String)] = [
            ("feeds", self.feeds, ""),
            ("episodes", self.episodes, ""),
            (
                "transcripts", self.transcripts,
                self.recoveredTranscripts == 0
                    ? "" : ", \(self.recoveredTranscripts) of them from the old search index, their files being lost"
            ),
            ("audio files", self.audio, ", \(Self.size(self.audioBytes))"),
            ("nodes", self.nodes, ""),
            ("open jobs", self.jobs, ""),
            ("settings", self.settings, ""),
        ]
        for (name, count, more) in sorts {
            let padded = name + String(repeating: " ", count: max(1, 12 - name.count))
            let present = count.present == 0 ? "" : ", \(count.present) here already"
            lines.append("  \(padded) \(count.taken) of \(count.found) \(verb)\(present)\(more)")
        }
        lines += self.reasons(longest)
        return lines.joined(separator: "\n")
    }

    private func reasons(_ longest: Int?) -> [String] {
        guard !self.notTaken.isEmpty else { return [] }
        var lines = ["", "Not taken:"]
        for kind in NotTaken.Kind.allCases {
            for reason in NotTaken.Reason.allCases {
                let left = self.notTaken.filter { $0.kind == kind && $0.reason == reason }
                guard !left.isEmpty else { continue }
                lines.append("  \(left.count) × \(kind.rawValue): \(reason.sentence)")
                let shown = longest.map { left.prefix($0) } ?? left[...]
                lines += shown.map { "      \($0.id): \($0.name)" }
                if left.count > shown.count {
                    lines.append("      … and \(left.count - shown.count) more; --all names them.")
                }
            }
        }
        return lines
    }

    private static func size(_ bytes: Int64) -> String {
        if bytes < 1_000_000 { return "\((bytes + 999) / 1000) kB" }
        let megabytes = Double(bytes) / 1_000_000
        return megabytes < 1000
            ? String(format: "%.1f MB", megabytes) : String(format: "%.1f GB", megabytes / 1000)
    }
}
