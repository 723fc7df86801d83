import CastCore
import Testing

/// In what order a pod's end is asked for.
@Suite struct EndingCourseTests {
    typealias Step = EndingCourse.Step
    typealias Outcome = EndingCourse.Outcome

    static func rest(_ seconds: Double) -> Step { .rest(.seconds(seconds)) }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var hasServer = true
        var hasRunPod = true
        /// What each question comes to, one after the other; rests are slept through.
        var outcomes: [Outcome]
        /// Every step, the rests between them and the one after the last question included.
        var steps: [Step]

        init(_ name: String, server: Bool = true, runPod: Bool = true, _ outcomes: [Outcome], _ steps: [Step]) {
            self.testDescription = name
            self.hasServer = server
            self.hasRunPod = runPod
            self.outcomes = outcomes
            self.steps = steps
        }
    }

    static let cases: [Case] = [
        Case(
            "the server first, with time to give the jobs back; then RunPod", [.accepted],
            [.askServer, Self.rest(150), .deletePod]),
        Case(
            "a server that does not answer is not waited for", [.failed], [.askServer, .deletePod]),
        Case(
            "REST, then GraphQL, then all again", [.failed, .failed, .failed],
            [
                .askServer, .deletePod, .terminatePod, Self.rest(5), .askServer,
            ]),
        Case(
            "later and later, a minute at most", server: false, Array(repeating: .failed, count: 12),
            [
                .deletePod, .terminatePod, Self.rest(5), .deletePod, .terminatePod, Self.rest(10), .deletePod,
                .terminatePod, Self.rest(20), .deletePod, .terminatePod, Self.rest(40), .deletePod, .terminatePod,
                Self.rest(60), .deletePod, .terminatePod, Self.rest(60), .deletePod,
            ]),
        Case(
            "a server that says yes again has had its time",
            [.accepted, .failed, .failed, .accepted, .failed],
            [
                .askServer, Self.rest(150), .deletePod, .terminatePod, Self.rest(5), .askServer, .deletePod,
                .terminatePod,
            ]),
        Case(
            "a yes after which the pod is still here sends to the old interface, then all again",
            [.failed, .accepted, .accepted],
            [.askServer, .deletePod, Self.rest(30), .terminatePod, Self.rest(30), .askServer]),
        Case(
            "“no such pod” is not believed by those who are in it", [.failed, .gone, .gone, .failed],
            [.askServer, .deletePod, .terminatePod, Self.rest(30), .askServer, .deletePod]),
        Case(
            "nor is it the end when the old interface refuses", server: false, [.gone, .failed, .gone, .failed],
            [
                .deletePod, .terminatePod, Self.rest(5), .deletePod, .terminatePod, Self.rest(10), .deletePod,
            ]),
        Case(
            "without a key for RunPod the server alone is asked", runPod: false, [.failed, .accepted, .accepted],
            [.askServer, Self.rest(5), .askServer, Self.rest(150), Self.rest(10), .askServer, Self.rest(20)]),
        Case(
            "without anybody it goes on asking", server: false, runPod: false, [.failed, .failed, .failed, .failed],
            [
                .deletePod, .terminatePod, Self.rest(5), .deletePod, .terminatePod, Self.rest(10), .deletePod,
            ]),
        Case(
            "a server that says that the pod is gone gets the same time", [.gone],
            [.askServer, Self.rest(150), .deletePod]),
    ]

    @Test(arguments: Self.cases) func `a pod's end is asked for in this order`(_ example: Case) {
        var course = EndingCourse(hasServer: example.hasServer, hasRunPod: example.hasRunPod)
        var steps: [Step] = []
        var outcomes = example.outcomes[...]
        while steps.count < example.steps.count {
            steps.append(course.step)
            if case .rest = course.step {
                course.note(.accepted, jitter: 0)
            } else if let outcome = outcomes.popFirst() {
                course.note(outcome, jitter: 0)
            } else {
                break
            }
        }
        #expect(steps == example.steps)
    }

    @Test func `who took the wish is known, and whether RunPod says that the pod is gone`() {
        var course = EndingCourse(hasServer: true, hasRunPod: true)
        course.note(.failed, jitter: 0)
        #expect(!course.isAccepted && !course.isGone)
        course.note(.gone, jitter: 0)
        #expect(!course.isAccepted && course.isGone)
        course.note(.failed, jitter: 0)
        #expect(!course.isAccepted && course.isGone)
        for taken in [Outcome.accepted, .gone] {
            var old = course
            for outcome in [Outcome.accepted, .failed, .failed, taken] { old.note(outcome, jitter: 0) }
            #expect(old.isAccepted && old.isGone)
            var server = EndingCourse(hasServer: true, hasRunPod: true)
            server.note(taken, jitter: 0)
            #expect(server.isAccepted && !server.isGone)
        }
        var rest = EndingCourse(hasServer: false, hasRunPod: true)
        rest.note(.accepted, jitter: 0)
        #expect(rest.isAccepted && !rest.isGone)
    }

    @Test func `the server's time and the first pause can be set, and pauses are spread`() {
        var course = EndingCourse(
            serverGrace: .seconds(2), firstPause: .milliseconds(500), hasServer: true, hasRunPod: true)
        course.note(.accepted, jitter: 0)
        #expect(course.step == Self.rest(2))
        course.note(.accepted, jitter: 0)
        course.note(.failed, jitter: 0)
        course.note(.failed, jitter: 1)
        #expect(course.step == Self.rest(0.625))
    }
}
