import CastCore
import CastTestSupport
import Foundation
import Logging
import PodWatch
import Synchronization
import Testing

/// How a pod is ended from inside, with a clock that stands still until it is moved.
struct PodEndTests {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Those who can end a pod, as a test says.
    final class Others: Sendable {
        struct State {
            var asked: [String] = []
            var server: [EndingCourse.Outcome] = []
            var delete: [EndingCourse.Outcome] = []
            var terminate: [EndingCourse.Outcome] = []
        }

        let state: Mutex<State>

        init(
            server: [EndingCourse.Outcome] = [], delete: [EndingCourse.Outcome] = [],
            terminate: [EndingCourse.Outcome] = []
        ) {
            self.state = Mutex(State(server: server, delete: delete, terminate: terminate))
        }

        var asked: [String] { self.state.withLock { $0.asked } }

        var ways: PodEnd.Ways {
            PodEnd.Ways(
                server: { reason, isFailure in
                    self.answer("server: \(reason)\(isFailure ? ", failed" : "")", \.server)
                },
                delete: { self.answer("delete", \.delete) }, terminate: { self.answer("terminate", \.terminate) })
        }

        private func answer(
            _ name: String, _ list: WritableKeyPath<State, [EndingCourse.Outcome]>
        ) -> PodEnd.Answer {
            self.state.withLock { state in
                state.asked.append(name)
                let outcome = state[keyPath: list].isEmpty ? .failed : state[keyPath: list].removeFirst()
                return PodEnd.Answer(outcome, "words")
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `it asks until it is killed with its pod`() async throws {
        let others = Others(server: [.failed, .accepted])
        let clock = ManualClock()
        let end = PodEnd(
            others.ways, serverGrace: .seconds(9), firstPause: .seconds(3), clock: clock, logger: Self.quiet)
        let task = Task { try await end.run(because: "no GPU", isFailure: true) }
        let round = ["server: no GPU, failed", "delete", "terminate"]
        await clock.waitForSleepers()
        #expect(others.asked == round)
        // Three seconds and a quarter at most; then the server says yes, and has nine.
        clock.advance(by: .seconds(4))
        await clock.waitForSleepers()
        #expect(others.asked == round + round.prefix(1))
        clock.advance(by: .milliseconds(8_999))
        #expect(others.asked.count == 4)
        clock.advance(by: .milliseconds(1))
        await clock.waitForSleepers()
        #expect(others.asked == round + round)
        for _ in 0..<20 {
            clock.advance(by: .seconds(75))
            await clock.waitForSleepers()
        }
        #expect(others.asked.count == 66)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test(arguments: [
        (Others(server: [.accepted]), ["server: done"]),
        (Others(delete: [.accepted]), ["server: done", "delete"]),
        (Others(delete: [.gone], terminate: [.gone]), ["server: done", "delete", "terminate"]),
    ])
    func `it may leave when somebody has taken the wish`(others: Others, asked: [String]) async throws {
        let end = PodEnd(others.ways, clock: ManualClock(), logger: Self.quiet)
        try await end.run(because: "done", isFailure: false) { $0.isAccepted }
        #expect(others.asked == asked)
    }

    @Test func `what this pod's variables allow is asked, and nothing else`() {
        func ways(_ environment: [String: String]) -> PodEnd.Ways {
            PodEnd.Ways(environment: environment, logger: Self.quiet)
        }
        #expect(ways([:]).isEmpty)
        #expect(ways(["RUNPOD_POD_ID": "p"]).isEmpty && ways(["RUNPOD_API_KEY": "k"]).isEmpty)
        #expect(ways(["SERVER_URL": "http://server"]).server != nil)
        #expect(ways(["CAST2MD_SERVER": "http://server"]).delete == nil)
        let own = ways(["RUNPOD_POD_ID": "p", "RUNPOD_API_KEY": "k"])
        #expect(own.server == nil && own.delete != nil && own.terminate != nil)
        // A key that cannot be one must not keep the server from being asked.
        let odd = ways(["SERVER_URL": "http://server", "RUNPOD_POD_ID": "p", "RUNPOD_API_KEY": "a b"])
        #expect(odd.server != nil && odd.delete == nil)
    }

    @Test func `nobody at the other end is a failure with words, and no end`() async throws {
        let ways = PodEnd.Ways(
            environment: [
                "SERVER_URL": "http://127.0.0.1:9", "INSTANCE_ID": "a3f2", "SETUP_TOKEN": "t", "RUNPOD_POD_ID": "p",
                "RUNPOD_API_KEY": "k", "RUNPOD_API_BASE_URL": "http://127.0.0.1:9",
            ], logger: Self.quiet)
        let answers = [
            await ways.server?("done", false), await ways.delete?(), await ways.terminate?(),
        ]
        for answer in answers {
            #expect(answer?.outcome == .failed && answer?.words.isEmpty == false, "\(String(describing: answer))")
        }
    }
}
