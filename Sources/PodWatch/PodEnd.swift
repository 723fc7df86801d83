package import CastCore
import Foundation
package import Logging

/// Ends the pod that this process is in: asks the server, then RunPod, then all of them again.
package struct PodEnd: Sendable {
    /// Those who can end a pod.
    ///
    /// Each call has a limit of its own, and tells what came of it.
    package struct Ways: Sendable {
        package var server: (@Sendable (_ reason: String, _ isFailure: Bool) async -> Answer)?
        package var delete: (@Sendable () async -> Answer)?
        package var terminate: (@Sendable () async -> Answer)?

        package init(
            server: (@Sendable (_ reason: String, _ isFailure: Bool) async -> Answer)? = nil,
            delete: (@Sendable () async -> Answer)? = nil, terminate: (@Sendable () async -> Answer)? = nil
        ) {
            self.server = server
            self.delete = delete
            self.terminate = terminate
        }

        package var isEmpty: Bool { self.server == nil && self.delete == nil && self.terminate == nil }
    }

    package struct Answer: Sendable, Equatable {
        package var outcome: EndingCourse.Outcome
        /// For the log.
        package var words: String

        package init(_ outcome: EndingCourse.Outcome, _ words: String) {
            self.outcome = outcome
            self.words = words
        }
    }

    package let ways: Ways
    package var serverGrace: Duration
    package var firstPause: Duration
    let clock: any Clock<Duration>
    let logger: Logger

    package init(
        _ ways: Ways, serverGrace: Duration = .seconds(150), firstPause: Duration = .seconds(5),
        clock: some Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.ways = ways
        self.serverGrace = serverGrace
        self.firstPause = firstPause
        self.clock = clock
        self.logger = logger
    }

    /// Asks until this process is killed with its pod, or until it is enough.
    ///
    /// - Parameter isEnough: Asked after every step.
    package func run(
        because reason: String, isFailure: Bool, until isEnough: @Sendable (EndingCourse) -> Bool = { _ in false }
    ) async throws {
        var course = EndingCourse(
            serverGrace: self.serverGrace, firstPause: self.firstPause, hasServer: self.ways.server != nil,
            hasRunPod: self.ways.delete != nil || self.ways.terminate != nil)
        self.logger.warning("pod is being ended", metadata: ["reason": "\(reason)"])
        while true {
            let outcome = try await self.take(course.step, reason, isFailure)
            course.note(outcome, jitter: .random(in: -1...1))
            if isEnough(course) { return }
        }
    }

    private func take(_ step: EndingCourse.Step, _ reason: String, _ isFailure: Bool) async throws
        -> EndingCourse.Outcome
    {
        switch step {
        case .askServer: return self.tell("server", await self.ways.server?(reason, isFailure))
        case .deletePod: return self.tell("runpod", await self.ways.delete?())
        case .terminatePod: return self.tell("runpod's old interface", await self.ways.terminate?())
        case .rest(let duration):
            self.logger.info("pod is still here, waiting", metadata: ["seconds": "\(duration.components.seconds)"])
            try await self.clock.sleep(for: duration)
            return .accepted
        }
    }

    private func tell(_ whom: String, _ answer: Answer?) -> EndingCourse.Outcome {
        guard let answer else { return .failed }
        self.logger.log(
            level: answer.outcome == .failed ? .warning : .info, "asked to end this pod",
            metadata: ["asked": "\(whom)", "answer": "\(answer.words)"])
        return answer.outcome
    }
}
