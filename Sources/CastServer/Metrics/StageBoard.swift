package import CastAPI
package import CastCore
package import Foundation
import Synchronization

/// What nodes say of their stages: the last word of each, and the sum of all since this server started.
package final class StageBoard: Sendable {
    /// What a node said last.
    package struct Word: Sendable, Equatable {
        package var reports: [StageReport]
        /// What was done since the word before: what is slow now, not what was slow yesterday.
        package var lately: [StageReport]
        package var at: Date

        package var slowest: Stage? {
            StageReport.slowest(of: self.lately) ?? StageReport.slowest(of: self.reports)
        }
    }

    private struct Contents {
        var words: [NodeID: Word] = [:]
        var sums: [Stage: StageReport] = [:]
    }

    private let contents = Mutex(Contents())

    /// More nodes than anybody has; the one that was silent for longest is forgotten.
    static let mostNodes = 1000

    package init() {}

    /// Takes a node's table; what cannot be is left out of it.
    ///
    /// The first word of a node says where it stands and counts for nothing: what it did before this server started was
    /// another one's to count. A node that starts says so with a table of zeros.
    package func note(_ stages: [StageMessage], of node: NodeID, at now: Date) {
        let reports = Dictionary(stages.compactMap { $0.report }.map { ($0.stage, $0) }) { first, _ in first }
            .values.sorted { $0.stage.place < $1.stage.place }
        guard !reports.isEmpty else { return }
        self.contents.withLock { contents in
            let last = contents.words[node]
            let lately = last.map { StageReport.growth(from: $0.reports, to: reports) } ?? []
            for growth in lately {
                contents.sums[growth.stage, default: StageReport(growth.stage)].add(growth)
            }
            contents.words[node] = Word(reports: reports, lately: lately, at: now)
            guard contents.words.count > Self.mostNodes,
                let oldest = contents.words.min(by: { $0.value.at < $1.value.at })?.key
            else { return }
            contents.words[oldest] = nil
        }
    }

    package func word(of node: NodeID) -> Word? { self.contents.withLock { $0.words[node] } }

    /// What all nodes did since this server started; nothing in it ever falls.
    package var sums: [StageReport] {
        self.contents.withLock { contents in Stage.allCases.map { contents.sums[$0] ?? StageReport($0) } }
    }

    /// What waits before a stage at the nodes that were heard since a time.
    package func queues(since date: Date) -> [Stage: Int] {
        self.contents.withLock { contents in
            var queues: [Stage: Int] = [:]
            for word in contents.words.values where word.at >= date {
                for report in word.reports { queues[report.stage, default: 0] += report.queue }
            }
            return queues
        }
    }
}

extension StageReport {
    /// Adds what was done; what waits is not added up.
    fileprivate mutating func add(_ growth: StageReport) {
        self.busySeconds += growth.busySeconds
        self.waitingSeconds += growth.waitingSeconds
        self.items += growth.items
        self.audioSeconds += growth.audioSeconds
    }
}
