import CastCore
import CastStore
import CastTestSupport
import Foundation
import Testing

@Suite struct ClaimRaceTests {
    @Test(.timeLimit(.minutes(5)))
    func `thirty-two claimers at once over ten thousand jobs: every job is handed out exactly once`() async throws {
        try await withTemporaryFolder { folder in
            let now = Date(timeIntervalSince1970: 1_800_000_000)
            let database = try Database(path: folder.appendingPathComponent("cast2md.db").path)
            let (feed, _) = try await database.makeFeed(episodes: 10_000, at: now)
            #expect(try await database.jobs.enqueueAll(.feed(feed.id), at: now).queued == 10_000)
            let claimed = try await withThrowingTaskGroup(of: [JobID].self) { group in
                for number in 0..<32 {
                    group.addTask {
                        var mine: [JobID] = []
                        while let claim = try await database.jobs.claim(
                            .download, by: NodeID("node-\(number)"), attempt: "\(number)-\(mine.count)",
                            until: now + 120, at: now)
                        {
                            mine.append(claim.job.id)
                        }
                        return mine
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 10_000)
            #expect(Set(claimed).count == 10_000)
            #expect(try await database.jobs.counts()[.download] == JobStore.Counts(running: 10_000))
            try database.close()
        }
    }
}
