import CastCore
import Testing

@Suite struct LeavePolicyTests {
    typealias Policy = LeavePolicy

    /// What a worker sees at a second, and what it has in hand then.
    struct Moment: Sendable {
        var second: Int
        var sees: Policy.Observation?
        var holding = Policy.Holdings()
    }

    struct Story: Sendable, CustomTestStringConvertible {
        var name: String
        var moments: [Moment]
        /// What the policy says right after the last moment.
        var reason: Policy.Reason?
        var testDescription: String { self.name }
    }

    static let working = Policy.Holdings(hasWork: true)
    static let unsent = Policy.Holdings(hasUnsent: true)
    static let recognising = Policy.Holdings(hasWork: true, isRecognising: true)

    static func told(_ story: Story, _ settings: Policy.Settings = .init()) -> Policy.Reason? {
        var policy = Policy(settings, at: .zero)
        for moment in story.moments {
            if let sees = moment.sees { policy.note(sees, holding: moment.holding, at: .seconds(moment.second)) }
        }
        let last = story.moments.last
        return policy.reason(holding: last?.holding ?? .init(), at: .seconds(last?.second ?? 0))
    }

    @Test(arguments: [
        Story(
            name: "two empty answers a minute apart end it",
            moments: [Moment(second: 0, sees: .foundEmpty), Moment(second: 60, sees: .foundEmpty)],
            reason: .queueEmpty(checks: 2)),
        Story(
            name: "polls within the minute do not count",
            moments: [0, 5, 10, 30, 59].map { Moment(second: $0, sees: .foundEmpty) }, reason: nil),
        Story(
            name: "an error between them is not an empty answer, and breaks the row",
            moments: [
                Moment(second: 0, sees: .foundEmpty), Moment(second: 30, sees: .unanswered),
                Moment(second: 60, sees: .foundEmpty),
            ], reason: nil),
        Story(
            name: "errors alone never make the queue empty",
            moments: stride(from: 0, to: 299, by: 5).map { Moment(second: $0, sees: .unanswered) }, reason: nil),
        Story(
            name: "a job between them starts anew",
            moments: [
                Moment(second: 0, sees: .foundEmpty), Moment(second: 30, sees: .claimed),
                Moment(second: 40, sees: .succeeded), Moment(second: 60, sees: .foundEmpty),
            ], reason: nil),
        Story(
            name: "a prefetch on its way means not empty",
            moments: [
                Moment(second: 0, sees: .foundEmpty, holding: working),
                Moment(second: 60, sees: .foundEmpty, holding: working),
                Moment(second: 120, sees: .foundEmpty, holding: working),
            ], reason: nil),
        Story(
            name: "an unsent result means not empty",
            moments: [
                Moment(second: 0, sees: .foundEmpty), Moment(second: 60, sees: .foundEmpty, holding: unsent),
            ], reason: nil),
        Story(
            name: "what is held while it decides counts, even if both answers came before",
            moments: [
                Moment(second: 0, sees: .foundEmpty), Moment(second: 60, sees: .foundEmpty),
                Moment(second: 61, holding: working),
            ], reason: nil),
    ])
    func `leaves for an empty queue only when it is one`(_ story: Story) {
        #expect(Self.told(story) == story.reason)
    }

    @Test(arguments: [
        (299, LeavePolicy.Holdings(), LeavePolicy.Reason?.none),
        (300, LeavePolicy.Holdings(), .serverUnreachable(.seconds(300))),
        (899, unsent, nil),
        (900, unsent, .serverUnreachable(.seconds(900))),
    ])
    func `leaves a server that is silent for five minutes, later if results would be lost`(
        second: Int, holding: Policy.Holdings, reason: Policy.Reason?
    ) {
        // Something is done all the time, so that it is not idle.
        let story = Story(
            name: "", moments: (0...second).map { Moment(second: $0, sees: .worked, holding: holding) }, reason: nil)
        #expect(Self.told(story) == reason)
    }

    @Test func `any answer proves that the server is there`() {
        let answers = [Policy.Observation.answered, .claimed, .foundEmpty]
        for answer in answers {
            let story = Story(
                name: "",
                moments: [
                    Moment(second: 200, sees: answer, holding: Self.working),
                    Moment(second: 499, sees: .worked, holding: Self.working),
                ], reason: nil)
            #expect(Self.told(story) == nil, "\(answer)")
        }
    }

    @Test(arguments: [
        (599, LeavePolicy.Holdings(), LeavePolicy.Reason?.none),
        (600, LeavePolicy.Holdings(), .idle(.seconds(600))),
        (600, working, .idle(.seconds(600))),
        (1199, unsent, nil),
        (1200, unsent, .idle(.seconds(1200))),
        (1199, recognising, nil),
        (1200, recognising, .idle(.seconds(1200))),
    ])
    func `leaves when nothing was done for ten minutes, even with a job that hangs`(
        second: Int, holding: Policy.Holdings, reason: Policy.Reason?
    ) {
        let moments = (0...second).map { Moment(second: $0, sees: .answered, holding: holding) }
        #expect(Self.told(Story(name: "", moments: moments, reason: nil)) == reason)
    }

    @Test(arguments: [Policy.Observation.claimed, .worked, .succeeded, .failed, .audioUnusable])
    func `whatever was done, it is not idle`(_ observation: Policy.Observation) {
        var policy = Policy(.init(), at: .zero)
        policy.note(observation, holding: .init(), at: .seconds(500))
        policy.note(.answered, holding: .init(), at: .seconds(1000))
        #expect(policy.reason(holding: .init(), at: .seconds(1000)) == nil)
    }

    @Test(arguments: [
        ([Policy.Observation.failed, .failed], LeavePolicy.Reason?.none),
        ([.failed, .failed, .failed], .recogniserBroken(failures: 3)),
        ([.failed, .failed, .succeeded, .failed, .failed], nil),
        ([.audioUnusable, .audioUnusable, .audioUnusable, .audioUnusable], nil),
        ([.failed, .audioUnusable, .failed, .audioUnusable], nil),
        ([.failed, .audioUnusable, .failed, .audioUnusable, .failed], .recogniserBroken(failures: 3)),
    ])
    func `three failures of the recogniser end it, missing audio does not`(
        observations: [Policy.Observation], reason: Policy.Reason?
    ) {
        let moments = observations.map { Moment(second: 1, sees: $0) }
        #expect(Self.told(Story(name: "", moments: moments, reason: nil)) == reason)
    }

    @Test func `each end follows its setting`() {
        var settings = Policy.Settings()
        settings.requiredEmptyChecks = 1
        #expect(
            Self.told(Story(name: "", moments: [Moment(second: 0, sees: .foundEmpty)]), settings)
                == .queueEmpty(checks: 1))
        settings.requiredEmptyChecks = 2
        settings.emptyQueueWait = .seconds(10)
        let twoChecks = [Moment(second: 0, sees: .foundEmpty), Moment(second: 10, sees: .foundEmpty)]
        #expect(Self.told(Story(name: "", moments: twoChecks), settings) == .queueEmpty(checks: 2))
        settings.unreachableTimeout = .seconds(7)
        #expect(Self.told(Story(name: "", moments: [Moment(second: 7)]), settings) == .serverUnreachable(.seconds(7)))
        settings.idleTimeout = .seconds(6)
        #expect(
            Self.told(Story(name: "", moments: [Moment(second: 6, sees: .answered)]), settings) == .idle(.seconds(6)))
        settings.maxConsecutiveFailures = 1
        #expect(
            Self.told(Story(name: "", moments: [Moment(second: 1, sees: .failed)]), settings)
                == .recogniserBroken(failures: 1))
    }

    @Test func `a worker that was told to stay stays, and rests when its recogniser keeps failing`() {
        var settings = Policy.Settings()
        settings.isPersistent = true
        var policy = Policy(settings, at: .zero)
        policy.note(.foundEmpty, holding: .init(), at: .seconds(0))
        policy.note(.foundEmpty, holding: .init(), at: .seconds(60))
        policy.note(.failed, holding: .init(), at: .seconds(70))
        policy.note(.failed, holding: .init(), at: .seconds(80))
        #expect(policy.restsUntil == nil)
        policy.note(.failed, holding: .init(), at: .seconds(90))
        #expect(policy.restsUntil == .seconds(150))
        policy.note(.failed, holding: .init(), at: .seconds(200))
        #expect(policy.restsUntil == .seconds(320))
        for _ in 0..<20 { policy.note(.failed, holding: .init(), at: .seconds(1000)) }
        #expect(policy.restsUntil == .seconds(2800))
        #expect(policy.reason(holding: .init(), at: .seconds(1_000_000)) == nil)
        policy.note(.succeeded, holding: .init(), at: .seconds(3000))
        #expect(policy.restsUntil == nil)
    }

    @Test func `one that may leave does not rest`() {
        var policy = Policy(.init(), at: .zero)
        for _ in 0..<3 { policy.note(.failed, holding: .init(), at: .zero) }
        #expect(policy.restsUntil == nil)
    }
}
