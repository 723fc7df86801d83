import CastCore
import CastStore
import Foundation
import GRDB
import NIOCore

/// Nodes that claim jobs and hand in transcripts of 60 KB, as fast as the server lets them.
struct QueueBench: Sendable {
    var folder: String
    var name: String

    private static let nodeCounts = [1, 8, 32]
    /// Jobs that each measurement does at most; the queue is longer.
    private static let cycles = 900

    func run() async throws {
        let disk = try Self.syncTime(in: self.folder)
        Console.line(
            "\nClaim and complete over HTTP, transcripts of 60 KB, \(self.name); one sync takes \(Self.text(disk)) ms")
        Console.line("  nodes   jobs queued   cycles/s   claim p50   claim p99   complete p50   complete p99")
        var rates: [Int: [Int: Double]] = [:]
        for jobs in [1000, 100_000] {
            for nodes in Self.nodeCounts {
                let result = try await self.measure(jobs: jobs, nodes: nodes)
                rates[jobs, default: [:]][nodes] = result.rate
                Console.line(
                    "  \(Self.pad("\(nodes)", 5))   \(Self.pad("\(jobs)", 11))   \(Self.pad("\(Int(result.rate))", 8))"
                        + "   \(Self.pad(Self.text(result.claims.percentile(50)), 6)) ms   "
                        + "\(Self.pad(Self.text(result.claims.percentile(99)), 6)) ms   "
                        + "\(Self.pad(Self.text(result.completes.percentile(50)), 9)) ms   "
                        + "\(Self.pad(Self.text(result.completes.percentile(99)), 9)) ms")
            }
        }
        for nodes in Self.nodeCounts {
            let share = (rates[100_000]?[nodes] ?? 0) / max(1, rates[1000]?[nodes] ?? 1)
            Console.line("  100,000 queued beside 1,000, \(nodes) nodes: \(Self.text(share)) (wanted: 0.90)")
        }
    }

    private struct Result: Sendable {
        var rate: Double
        var claims: Timings
        var completes: Timings
    }

    private func measure(jobs: Int, nodes: Int) async throws -> Result {
        let data = self.folder + "/queue-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: data) }
        try await Self.fill(data, jobs: jobs)
        let text = Self.transcript
        return try await BenchServer.run(data: data, environment: ["FEED_REFRESH_MINUTES": "0"]) { server, _ in
            var keys: [(id: String, key: String)] = []
            for number in 0..<nodes {
                let answer = try await server.send(
                    "POST", "/api/nodes/register", json: #"{"name":"n\#(number)","url":"http://localhost:1"}"#)
                let fields = try JSONDecoder().decode([String: String].self, from: Data(answer.readableBytesView))
                keys.append((fields["node_id"] ?? "", fields["api_key"] ?? ""))
            }
            let each = Self.cycles / nodes
            let begun = ContinuousClock.now
            let timings = try await withThrowingTaskGroup(of: (Timings, Timings).self) { group in
                for (id, key) in keys {
                    group.addTask { try await Self.work(server, id, key, cycles: each, text: text) }
                }
                var all = (Timings(), Timings())
                for try await (claims, completes) in group {
                    all.0.add(claims)
                    all.1.add(completes)
                }
                return all
            }
            let seconds = begun.duration(to: .now) / .seconds(1)
            return Result(rate: Double(each * nodes) / seconds, claims: timings.0, completes: timings.1)
        }
    }

    private static func work(
        _ server: BenchServer, _ id: String, _ key: String, cycles: Int, text: String
    ) async throws -> (Timings, Timings) {
        var claims = Timings()
        var completes = Timings()
        for _ in 0..<cycles {
            var begun = ContinuousClock.now
            let answer = try await server.send("POST", "/api/nodes/\(id)/claim", key: key)
            claims.add(begun.duration(to: .now))
            guard let job = Self.job(in: String(buffer: answer)) else {
                throw CastError(.internalFault, "The queue is empty before its time.")
            }
            begun = .now
            try await server.send("POST", "/api/nodes/jobs/\(job)/complete", key: key, json: text)
            completes.add(begun.duration(to: .now))
        }
        return (claims, completes)
    }

    private static func job(in text: String) -> Int? {
        text.firstMatch(of: /"job_id":(\d+)/).flatMap { Int($0.1) }
    }

    /// An hour of speech as an existing node hands it in.
    private static let transcript: String = {
        var text = ""
        var second = 0
        while text.utf8.count < 60_000 {
            let time = String(format: "%02d:%02d", second / 60, second % 60)
            text += "**[\(time)]** This is what was said at that moment, about as long as people's sentences are.\\n"
            second += 5
        }
        return #"{"transcript_text":"\#(text)","whisper_model":"base"}"#
    }()

    /// A library whose episodes have their audio and wait; the audio itself is never read.
    static func fill(_ data: String, jobs: Int) async throws {
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let path = data + "/cast2md.db"
        let database = try Database(path: path)
        let now = Date()
        for feed in 0..<10 {
            let drafts = (0..<jobs / 10).map { number in
                EpisodeDraft(
                    guid: "\(number)", title: "Episode \(number) of \(feed)",
                    audioURL: "https://a.example/\(number).mp3",
                    duration: 3600, publishedAt: now - Double(number) * 86_400)
            }
            _ = try await database.feeds.add(
                url: "https://a.example/\(feed)", draft: FeedDraft(title: "Feed \(feed)"), episodes: drafts, at: now)
        }
        try database.close()
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            try db.execute(
                sql:
                    "UPDATE episode SET audioPath = 'none/audio/' || id || '.mp3', audioSize = 1, searchDone = searchWanted"
            )
        }
        try queue.close()
        let again = try Database(path: path)
        _ = try await again.jobs.enqueueAll(.all, at: now)
        try again.close()
    }

    /// Milliseconds of one `fsync` of a small file, the middle of twenty.
    private static func syncTime(in folder: String) throws -> Double {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = folder + "/sync-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data().write(to: URL(filePath: path))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        var timings = Timings()
        for _ in 0..<20 {
            let begun = ContinuousClock.now
            try file.write(contentsOf: Data(repeating: 1, count: 4096))
            try file.synchronize()
            timings.add(begun.duration(to: .now))
        }
        try file.close()
        return timings.percentile(50)
    }

    static func text(_ value: Double) -> String { String(format: "%.2f", value) }

    static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
