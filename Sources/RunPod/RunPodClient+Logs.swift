package import CastCore
import Foundation
import NIOCore
import Synchronization

extension RunPodClient {
    /// The last lines that a pod and its host wrote, oldest first.
    ///
    /// RunPod keeps the stream open for lines to come; what is asked for is there when so many lines have come, when
    /// nothing has come for a second, or when a pod has been talking for five.
    package func logs(
        _ id: PodID, lines: Int, silence: Duration = .seconds(1), limit: Duration = .seconds(5)
    ) async throws(ProviderFailure) -> [PodLogLine] {
        let lines = min(max(lines, 1), 5000)
        let call = RunPodCall.read("/v2/pods/\(RunPodCall.segment(id.rawValue))/logs", [("tail", String(lines))])
        let intake = SharedIntake(lines: lines)
        let failure = await withTaskGroup(of: ProviderFailure?.self) { group in
            group.addTask {
                do {
                    try await self.transport.stream(call) { chunk in
                        intake.log.withLock { $0.append(chunk.readableBytesView) }
                    }
                    return nil
                } catch {
                    return error as? ProviderFailure
                }
            }
            group.addTask {
                let end = ContinuousClock.now + limit
                while ContinuousClock.now < end, !Task.isCancelled {
                    let (count, last) = intake.log.withLock { ($0.lines.count, $0.lastBytesAt) }
                    if count >= lines { break }
                    if let last, last.duration(to: .now) >= silence { break }
                    try? await Task.sleep(for: .milliseconds(50))
                }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if let failure { throw failure }
        return intake.log.withLock { $0.lines }
    }
}

private final class SharedIntake: Sendable {
    let log: Mutex<LogIntake>

    init(lines: Int) { self.log = Mutex(LogIntake(lines: lines)) }
}

/// What has come of a pod's log so far.
private struct LogIntake: Sendable {
    private let limit: Int
    private var reader = EventStreamReader()
    private(set) var lines: [PodLogLine] = []
    private(set) var lastBytesAt: ContinuousClock.Instant?

    init(lines: Int) { self.limit = lines }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        self.lastBytesAt = .now
        for event in self.reader.append(bytes) {
            guard let entry = WireObject(Data(event.data.utf8)), let text = entry.string("line") else { continue }
            self.lines.append(
                PodLogLine(
                    time: entry.date("ts"),
                    source: PodLogLine.Source(rawValue: entry.string("source") ?? "") ?? .container,
                    text: text))
        }
        if self.lines.count > self.limit { self.lines.removeFirst(self.lines.count - self.limit) }
    }
}
