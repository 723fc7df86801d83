import CastCore
import Testing

/// In what order a pod's end is asked for.
struct EndingCourseTests {
    private typealias Step = EndingCourse.Step

    /// The steps that a course takes when each gets the next of these answers; the last goes on for ever.
    private func steps(
        _ count: Int, hasServer: Bool = true, hasRunPod: Bool = true, jitter: Double = 0,
        _ answer: (Step) -> EndingCourse.Outcome
    ) -> (steps: [Step], course: EndingCourse) {
        var course = EndingCourse(serverGrace: .seconds(150), hasServer: hasServer, hasRunPod: hasRunPod)
        var steps: [Step] = []
        for _ in 0..<count {
            let step = course.step
            steps.append(step)
            course.note(answer(step), jitter: jitter)
        }
        return (steps, course)
    }

    @Test func `when nobody helps, all are asked again, later and later, for ever`() {
        let (steps, course) = self.steps(24) { _ in .failed }
        #expect(
            Array(steps.prefix(12)) == [
                .askServer, .deletePod, .terminatePod, .rest(.seconds(5)),
                .askServer, .deletePod, .terminatePod, .rest(.seconds(10)),
                .askServer, .deletePod, .terminatePod, .rest(.seconds(20)),
            ])
        #expect(steps[19] == .rest(.seconds(60)) && steps[23] == .rest(.seconds(60)))
        #expect(!course.isAccepted && !course.isGone)
    }

    @Test func `a server that says yes has its time once, then RunPod is asked as well`() {
        let (steps, course) = self.steps(9) { $0 == .askServer ? .accepted : .failed }
        #expect(
            steps == [
                .askServer, .rest(.seconds(150)), .deletePod, .terminatePod, .rest(.seconds(5)),
                .askServer, .deletePod, .terminatePod, .rest(.seconds(10)),
            ])
        #expect(course.isAccepted && !course.isGone)
    }

    @Test func `a server that does not know the pod any more leaves it to RunPod as well`() {
        let (steps, _) = self.steps(3) { $0 == .askServer ? .gone : .failed }
        #expect(steps == [.askServer, .rest(.seconds(150)), .deletePod])
    }

    @Test func `the old interface is asked only when the new one fails`() {
        let (steps, course) = self.steps(6) { $0 == .deletePod ? .accepted : .failed }
        #expect(
            steps == [
                .askServer, .deletePod, .rest(.seconds(30)), .askServer, .deletePod, .rest(.seconds(30)),
            ])
        #expect(course.isAccepted && !course.isGone)
        let (other, _) = self.steps(4) { $0 == .terminatePod ? .accepted : .failed }
        #expect(other == [.askServer, .deletePod, .terminatePod, .rest(.seconds(30))])
    }

    @Test(arguments: [EndingCourse.Step.deletePod, .terminatePod])
    func `only RunPod can say that the pod is gone; whoever runs is not there yet, so it goes on`(
        step: EndingCourse.Step
    ) {
        let (steps, course) = self.steps(5) { $0 == step ? .gone : .failed }
        #expect(course.isGone && course.isAccepted)
        #expect(steps.contains(.rest(.seconds(30))))
        #expect(!self.steps(2) { _ in .gone }.course.isGone, "the server does not know it")
    }

    @Test func `without a key for RunPod the server is asked for ever, without a server RunPod is`() {
        #expect(
            self.steps(4, hasRunPod: false) { _ in .failed }.steps
                == [.askServer, .rest(.seconds(5)), .askServer, .rest(.seconds(10))])
        #expect(
            self.steps(4, hasRunPod: false) { _ in .accepted }.steps
                == [.askServer, .rest(.seconds(150)), .rest(.seconds(5)), .askServer])
        #expect(
            self.steps(6, hasServer: false) { _ in .failed }.steps
                == [
                    .deletePod, .terminatePod, .rest(.seconds(5)), .deletePod, .terminatePod, .rest(.seconds(10)),
                ])
        // Nothing at all to ask with: it waits, and does not spin.
        let (steps, _) = self.steps(6, hasServer: false, hasRunPod: false) { _ in .failed }
        #expect(steps.contains { if case .rest = $0 { true } else { false } })
    }

    @Test func `pods that fail together do not ask together`() {
        for (jitter, least, most) in [(-1.0, 2.0, 5.0), (1.0, 5.0, 8.0)] {
            guard case .rest(let pause) = self.steps(4, jitter: jitter, { _ in .failed }).steps[3] else {
                Issue.record("no pause")
                continue
            }
            #expect((least...most).contains(pause / .seconds(1)))
            #expect(pause != .seconds(5))
        }
    }
}
