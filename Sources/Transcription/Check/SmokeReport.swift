import Foundation

/// What a smoke test found.
package struct SmokeReport: Sendable, Codable, Equatable {
    package struct Clip: Sendable, Codable, Equatable {
        package var said: String
        package var heard: String
        package var audioSeconds: Double
        package var seconds: Double
        package var wordErrorRate: Double

        /// Seconds of audio a second.
        package var speed: Double { self.seconds > 0 ? self.audioSeconds / self.seconds : 0 }

        /// Of a hundred words, and never more than all of them.
        package var percentWrong: Int { Int((min(self.wordErrorRate, 1) * 100).rounded()) }

        enum CodingKeys: String, CodingKey {
            case said, heard, seconds
            case audioSeconds = "audio_seconds"
            case wordErrorRate = "word_error_rate"
        }

        private enum DerivedKeys: String, CodingKey {
            case speed
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(self.said, forKey: .said)
            try container.encode(self.heard, forKey: .heard)
            try container.encode(self.audioSeconds, forKey: .audioSeconds)
            try container.encode(self.seconds, forKey: .seconds)
            // JSON has no infinity.
            try container.encode(min(self.wordErrorRate, 1_000), forKey: .wordErrorRate)
            var derived = encoder.container(keyedBy: DerivedKeys.self)
            try derived.encode(self.speed, forKey: .speed)
        }
    }

    package var model: String
    /// The program with its version, for example `faster-whisper 1.2.1`.
    package var engine: String?
    package var device: String?
    /// From nothing to the first answer.
    package var loadSeconds: Double?
    package var wordsInSilence: [String] = []
    /// Nil when only silence was tested.
    package var clip: Clip?
    /// What is wrong, in sentences; empty when the test is passed.
    package var failures: [String] = []

    package var isPassed: Bool { self.failures.isEmpty }

    package init(model: String) { self.model = model }

    enum CodingKeys: String, CodingKey {
        case model, engine, device, clip, failures
        case loadSeconds = "load_seconds"
        case wordsInSilence = "words_in_silence"
    }

    private enum DerivedKeys: String, CodingKey {
        case passed, summary
    }

    package func encode(to encoder: any Encoder) throws {
        var derived = encoder.container(keyedBy: DerivedKeys.self)
        try derived.encode(self.isPassed, forKey: .passed)
        try derived.encode(self.summary, forKey: .summary)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.model, forKey: .model)
        try container.encode(self.engine, forKey: .engine)
        try container.encode(self.device, forKey: .device)
        try container.encode(self.loadSeconds, forKey: .loadSeconds)
        try container.encode(self.wordsInSilence, forKey: .wordsInSilence)
        try container.encode(self.clip, forKey: .clip)
        try container.encode(self.failures, forKey: .failures)
    }

    /// In one line, for a report about a machine's set-up.
    package var summary: String {
        guard self.isPassed else { return "smoke test failed: \(self.failures.joined(separator: " "))" }
        var parts = ["smoke test passed: \(self.model) with \(self.engine ?? "an engine") on \(self.device ?? "?")"]
        if let seconds = self.loadSeconds { parts.append("ready after \(Self.number(seconds)) s") }
        if let clip {
            parts.append(
                "\(Self.number(clip.speed)) s of audio a second, \(clip.percentWrong) % of the words wrong"
            )
        } else {
            parts.append("silence only, there is no clip")
        }
        return parts.joined(separator: ", ")
    }

    /// For people at a terminal.
    package var text: String {
        var lines = [
            "Model:     \(self.model)", "Engine:    \(self.engine ?? "–")", "Device:    \(self.device ?? "–")",
            "Ready:     " + (self.loadSeconds.map { "after \(Self.number($0)) s" } ?? "–"),
        ]
        if self.engine != nil {
            lines.append(
                "Silence:   "
                    + (self.wordsInSilence.isEmpty
                        ? "no words, as it should be" : "“\(self.wordsInSilence.joined(separator: " "))”"))
        }
        if let clip {
            lines.append("Said:      \(clip.said)")
            lines.append("Heard:     \(clip.heard)")
            lines.append("Wrong:     \(clip.percentWrong) % of the words")
            lines.append("Speed:     \(Self.number(clip.speed)) s of audio a second")
        } else if self.isPassed {
            lines.append("Clip:      none, so only silence was tested (--clip FILE --expect WORDS)")
        }
        lines += self.failures.map { "FAILED:    \($0)" }
        if self.isPassed { lines.append("Passed.") }
        return lines.joined(separator: "\n")
    }

    static func number(_ value: Double) -> String {
        value.formatted(
            .number.precision(.fractionLength(value < 10 ? 1 : 0)).grouping(.never).locale(
                Locale(identifier: "en_US_POSIX")))
    }
}
