import CastCore
import CastStore
import Foundation
import HumanSpeech

/// Search over 10,000 transcripts of about half an hour.
struct SearchBench: Sendable {
    var folder: String
    private static let transcripts = 10_000

    func run() async throws {
        let data = self.folder + "/search-\(Self.transcripts)"
        try await self.fill(data)
        let timings = try await BenchServer.run(data: data, environment: ["FEED_REFRESH_MINUTES": "0"]) { server, _ in
            try await Task.sleep(for: .seconds(2))
            return try await Self.measure(server)
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: data + "/search.db")[.size] as? Int) ?? 0
        Console.line("\nSearch over \(Self.transcripts) transcripts (\(size / 1_000_000) MB of index), milliseconds")
        for (name, timing) in timings {
            Console.line(
                "  \(name.padding(toLength: 34, withPad: " ", startingAt: 0)) p50 \(QueueBench.text(timing.percentile(50)))"
                    + "   p99 \(QueueBench.text(timing.percentile(99)))   at most \(QueueBench.text(timing.percentile(100))) (wanted p99: 50)"
            )
        }
    }

    private static func measure(_ server: BenchServer) async throws -> [(String, Timings)] {
        var vocabulary = Vocabulary(seed: 7)
        let kinds: [(String, () -> String)] = [
            ("one rare word", { vocabulary.rare() }),
            ("two words", { vocabulary.word() + "%20" + vocabulary.rare() }),
            ("the beginning of a word", { String(vocabulary.rare().prefix(4)) }),
            ("a phrase of frequent words", { "%22" + vocabulary.frequent() + "%20" + vocabulary.frequent() + "%22" }),
            ("one of the most frequent words", { vocabulary.frequent() }),
        ]
        var results: [(String, Timings)] = []
        var all = Timings()
        for (name, query) in kinds {
            var timings = Timings()
            for round in 0..<120 {
                let begun = ContinuousClock.now
                try await server.send("GET", "/api/search?q=\(query())")
                // The first ones read the index from the disk.
                if round >= 20 { timings.add(begun.duration(to: .now)) }
            }
            all.add(timings)
            results.append((name, timings))
        }
        return results + [("all of them", all)]
    }

    /// Made once and kept: it takes minutes.
    private func fill(_ data: String) async throws {
        let done = data + "/done"
        if FileManager.default.fileExists(atPath: done) { return }
        try? FileManager.default.removeItem(atPath: data)
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        Console.error("Making an index of \(Self.transcripts) transcripts; it is kept for the next run")
        let database = try Database(path: data + "/cast2md.db")
        let now = Date()
        for feed in 0..<20 {
            let drafts = (0..<Self.transcripts / 20).map { number in
                EpisodeDraft(guid: "\(number)", title: "Episode \(number)", publishedAt: now - Double(number) * 86_400)
            }
            _ = try await database.feeds.add(
                url: "https://a.example/\(feed)", draft: FeedDraft(title: "Feed \(feed)"), episodes: drafts, at: now)
        }
        let index = try SearchIndex(path: data + "/search.db")
        var vocabulary = Vocabulary(seed: 1)
        var waiting = try await database.episodes.unindexed(limit: 50)
        while !waiting.isEmpty {
            let documents = waiting.map { found in
                SearchIndex.Document(
                    episode: found.episode.id, feed: found.episode.feedID, title: found.episode.title, description: "",
                    publishedAt: found.episode.publishedAt, passages: Passage.all(of: vocabulary.transcript()))
            }
            try await index.update(documents, removing: [])
            try await database.episodes.noteIndexed(waiting.map { ($0.episode.id, version: $0.version) }, gone: [])
            waiting = try await database.episodes.unindexed(limit: 50)
            try Task.checkCancellation()
        }
        try index.close()
        try database.close()
        try Data().write(to: URL(filePath: done))
    }
}

/// Words as often as people use theirs: the n-th most frequent one every n-th time (Zipf).
private struct Vocabulary {
    private static let size = 40_000
    private static let syllables = [
        "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta", "ve", "wi",
        "xo", "zu",
    ]
    private var random: SeededGenerator
    private let logarithm = log(Double(size))

    init(seed: UInt64) { self.random = SeededGenerator(seed: seed) }

    private static func name(_ rank: Int) -> String {
        var rest = rank + 1
        var name = ""
        while rest > 0 {
            name += Self.syllables[rest % Self.syllables.count]
            rest /= Self.syllables.count
        }
        return name + "n"
    }

    mutating func word() -> String {
        let rank = exp(Double.random(in: 0..<1, using: &self.random) * self.logarithm) - 1
        return Self.name(min(Self.size - 1, Int(rank)))
    }

    mutating func rare() -> String { Self.name(Int.random(in: 2000..<Self.size, using: &self.random)) }

    mutating func frequent() -> String { Self.name(Int.random(in: 0..<30, using: &self.random)) }

    /// About half an hour: 4,500 words.
    mutating func transcript() -> Transcript {
        var sentences: [Transcript.Sentence] = []
        for number in 0..<300 {
            let text = (0..<15).map { _ in self.word() }.joined(separator: " ") + "."
            sentences.append(.init(text: text, start: Double(number) * 6, end: Double(number) * 6 + 5.5))
        }
        return Transcript(sentences: sentences)
    }
}
