import CastCore
import Foundation
import Testing

/// When a pod is to be ended from inside: every rule, at its boundary.
@Suite struct WatchPolicyTests {
    typealias Policy = WatchPolicy
    typealias Look = WatchPolicy.Look

    static let start = Date(timeIntervalSince1970: 1_800_000_000)

    /// Short limits that no two rules share.
    static var settings: Policy.Settings {
        var settings = Policy.Settings(leaveAt: Self.start + 100_000)
        settings.setupLimit = .seconds(300)
        settings.goneGrace = .seconds(20)
        settings.pulseLimit = .seconds(60)
        settings.hangLimit = .seconds(200)
        settings.mostWorkers = 2
        return settings
    }

    static func settings(_ change: (inout Policy.Settings) -> Void) -> Policy.Settings {
        var settings = Self.settings
        change(&settings)
        return settings
    }

    struct Moment: Sendable {
        var second: Int
        var sees: Look

        init(_ second: Int, _ sees: Look) {
            self.second = second
            self.sees = sees
        }
    }

    struct Story: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var settings = WatchPolicyTests.settings
        var alreadySettingUp = Duration.zero
        var moments: [Moment] = []
        /// When the policy is asked.
        var at: Int
        var reason: Policy.Reason?

        init(
            _ name: String, with settings: Policy.Settings = WatchPolicyTests.settings, before: Duration = .zero,
            _ moments: [Moment], at: Int, _ reason: Policy.Reason?
        ) {
            self.testDescription = "\(name), \(at) s"
            self.settings = settings
            self.alreadySettingUp = before
            self.moments = moments
            self.at = at
            self.reason = reason
        }
    }

    static func policy(_ story: Story) -> Policy {
        var policy = Policy(story.settings, alreadySettingUp: story.alreadySettingUp, at: .zero, date: Self.start)
        for moment in story.moments { policy.note(moment.sees, at: .seconds(moment.second)) }
        return policy
    }

    static func pulse(
        _ pid: Int32, written: Double, progressed: Double? = nil, answered: Double? = nil, jobs: [Int64] = []
    ) -> Pulse {
        Pulse(
            pid: pid, startedAt: 0, writtenAt: written, serverAnsweredAt: answered, progressedAt: progressed,
            jobs: jobs)
    }

    static let settingUp = Look(phase: .settingUp)
    static let failed = Look(phase: .failed)
    static let empty = Look(phase: .ready)
    static let silent = Look(phase: .ready, worker: 7)

    /// A worker whose pulse is written, and says nothing else.
    static func beats(_ second: Int, worker: Int32 = 7, progressed: Double? = nil, answered: Double? = nil) -> Moment {
        Moment(
            second,
            Look(
                phase: .ready, worker: worker,
                pulse: Self.pulse(worker, written: Double(second), progressed: progressed, answered: answered)))
    }

    static let stories: [Story] = [
        Story("nothing is wrong at first", [], at: 0, nil),
        // The set-up.
        Story("a set-up may take its time", [Moment(0, settingUp)], at: 299, nil),
        Story("and no longer", [Moment(0, settingUp)], at: 300, .setupEndless(.seconds(300))),
        Story(
            "what earlier lives of the container took counts", before: .seconds(250), [Moment(0, settingUp)], at: 50,
            .setupEndless(.seconds(300))),
        Story(
            "a time before the beginning is none", before: .seconds(-900), [Moment(0, settingUp)], at: 300,
            .setupEndless(.seconds(300))),
        Story(
            "a set-up that has brought a worker is done",
            [Moment(0, settingUp), Self.beats(290), Moment(295, settingUp)], at: 314, nil),
        Story("a set-up that failed leaves the script its time", [Moment(5, failed)], at: 24, nil),
        Story("and no more", [Moment(5, failed)], at: 25, .setupFailed(.seconds(20))),
        Story(
            "one that failed and goes on starts anew",
            [Moment(5, failed), Moment(15, settingUp), Moment(20, failed)], at: 39, nil),
        // No worker.
        Story(
            "a worker that went may be followed by another",
            [Self.beats(10), Moment(15, empty)], at: 34, nil),
        Story("no worker", [Self.beats(10), Moment(15, empty)], at: 35, .workerGone(.seconds(20))),
        Story(
            "however often that is seen", [Self.beats(10), Moment(15, empty), Moment(30, empty)], at: 35,
            .workerGone(.seconds(20))),
        Story("a ready pod in which none was seen", [Moment(0, empty)], at: 20, .workerGone(.seconds(20))),
        Story(
            "the time counts from when it was last there",
            [Self.beats(10), Moment(15, empty), Self.beats(30, worker: 8), Moment(40, empty)], at: 59, nil),
        Story(
            "a worker that crashed is gone, not a set-up that failed",
            [Self.beats(10), Moment(15, failed)], at: 35, .workerGone(.seconds(20))),
        // A worker that is there.
        Story("a pulse may be late", [Self.beats(10)], at: 69, nil),
        Story("and no later", [Self.beats(10)], at: 70, .workerFrozen(.seconds(60))),
        Story(
            "a pulse that is found again unchanged is no beat",
            [Self.beats(10), Moment(40, Look(phase: .ready, worker: 7, pulse: Self.pulse(7, written: 10)))], at: 70,
            .workerFrozen(.seconds(60))),
        Story("a worker that has never written one is not frozen", [Moment(10, silent)], at: 209, nil),
        Story("but hangs", [Moment(10, silent)], at: 210, .workerHangs(.seconds(200))),
        Story(
            "another process's pulse says nothing",
            [Moment(10, Look(phase: .ready, worker: 7, pulse: Self.pulse(6, written: 10)))], at: 210,
            .workerHangs(.seconds(200))),
        Story(
            "beats without progress or answer", (1...20).map { Self.beats($0 * 10) }, at: 209, nil),
        Story(
            "are a hang", (1...20).map { Self.beats($0 * 10) }, at: 210, .workerHangs(.seconds(200))),
        Story(
            "an answer of the server is no hang",
            (1...20).map { Self.beats($0 * 10, answered: $0 > 5 ? 50 : nil) }, at: 259, nil),
        Story(
            "progress is none either", (1...20).map { Self.beats($0 * 10, progressed: $0 > 5 ? 50 : nil) }, at: 259,
            nil),
        Story(
            "nor a job that comes or goes",
            (1...20).map { second in
                Moment(
                    second * 10,
                    Look(
                        phase: .ready, worker: 7,
                        pulse: Self.pulse(7, written: Double(second), jobs: second > 5 ? [3] : [])))
            }, at: 259, nil),
        Story(
            "a worker that follows another has its whole time",
            [Self.beats(10), Moment(60, Look(phase: .ready, worker: 8))], at: 259, nil),
        // Workers that keep ending.
        Story(
            "two workers may be started in vain", [Self.beats(1, worker: 7), Self.beats(2, worker: 8)], at: 3, nil),
        Story(
            "and not a third", [Self.beats(1, worker: 7), Self.beats(2, worker: 8), Self.beats(3, worker: 9)], at: 3,
            .workersKeepEnding(3)),
        Story(
            "progress of one counts for those before it",
            [
                Self.beats(1, worker: 7), Self.beats(2, worker: 8), Self.beats(3, worker: 8, progressed: 3),
                Self.beats(4, worker: 9),
            ], at: 4, nil),
        Story(
            "also when it was made before the first look",
            [Self.beats(1, worker: 7), Self.beats(2, worker: 8, progressed: 2), Self.beats(4, worker: 9)], at: 4, nil),
        Story(
            "an answer of the server is no progress",
            [
                Self.beats(1, worker: 7), Self.beats(2, worker: 8, answered: 2), Self.beats(3, worker: 9, answered: 3),
            ], at: 3, .workersKeepEnding(3)),
        // Ends that somebody wants.
        Story(
            "whoever in the pod wants its end", [Moment(1, Look(ending: "no GPU")), Moment(2, settingUp)], at: 2,
            .asked("no GPU")),
        Story(
            "the first reason stays", [Moment(1, Look(ending: "no GPU")), Moment(2, Look(ending: "late"))], at: 2,
            .asked("no GPU")),
        Story("a stay lasts to its end", [Self.beats(99_998)], at: 99_999, nil),
        Story(
            "and not longer, whatever the worker does", [Self.beats(99_999)], at: 100_000,
            .stayOver(Self.start + 100_000)),
        Story(
            "the end of the stay comes first",
            with: Self.settings { $0.leaveAt = Self.start }, [Moment(0, Look(ending: "no GPU"))], at: 0,
            .stayOver(Self.start)),
        // Persistent pods.
        Story(
            "a persistent pod is not ended for its set-up", with: Self.settings { $0.isPersistent = true },
            [Moment(0, settingUp)], at: 9000, nil),
        Story(
            "nor when that failed", with: Self.settings { $0.isPersistent = true }, [Moment(0, failed)], at: 9000, nil),
        Story(
            "nor without a worker", with: Self.settings { $0.isPersistent = true }, [Self.beats(1), Moment(2, empty)],
            at: 9000, nil),
        Story("nor with a frozen one", with: Self.settings { $0.isPersistent = true }, [Self.beats(1)], at: 9000, nil),
        Story(
            "nor with one that hangs", with: Self.settings { $0.isPersistent = true }, [Moment(1, silent)], at: 9000,
            nil),
        Story(
            "nor when workers keep ending", with: Self.settings { $0.isPersistent = true },
            (1...9).map { Self.beats($0, worker: Int32($0)) }, at: 9, nil),
        Story(
            "but when somebody in it wants that", with: Self.settings { $0.isPersistent = true },
            [Moment(0, Look(ending: "unknown to the server"))], at: 0, .asked("unknown to the server")),
        Story(
            "and at the end of its stay", with: Self.settings { $0.isPersistent = true }, [Self.beats(99_999)],
            at: 100_000,
            .stayOver(Self.start + 100_000)),
    ]

    @Test(arguments: Self.stories) func `a pod is ended for a reason, and not a second before`(_ story: Story) {
        let now = Duration.seconds(story.at)
        #expect(Self.policy(story).reason(at: now, date: Self.start + Double(story.at)) == story.reason)
    }

    @Test func `what holds a persistent pod back from its end is told`() {
        for story in Self.stories where !story.settings.isPersistent {
            var persistent = story
            persistent.settings.isPersistent = true
            let now = Duration.seconds(story.at)
            let held = Self.policy(persistent).heldBack(at: now)
            switch story.reason {
            case .stayOver, .asked: break
            default: #expect(held == story.reason, "\(story.testDescription)")
            }
            #expect(Self.policy(story).heldBack(at: now) == nil)
        }
    }

    @Test func `a clock that is set changes nothing but the end of the stay`() {
        let policy = Self.policy(Story("", [Self.beats(0)], at: 0, nil))
        // Back: the stay is as long as it was said to be; forward: it is over when the date says so.
        for date in [Self.start - 86_400, Self.start + 99_999] {
            #expect(policy.reason(at: .seconds(59), date: date) == nil)
        }
        var beating = policy
        beating.note(Self.beats(99_990, answered: 99_990).sees, at: .seconds(99_990))
        let over = WatchPolicy.Reason.stayOver(Self.start + 100_000)
        #expect(beating.reason(at: .seconds(99_999), date: Self.start - 86_400) == nil)
        #expect(beating.reason(at: .seconds(100_000), date: Self.start - 86_400) == over)
        #expect(policy.reason(at: .seconds(1), date: Self.start + 100_000) == over)
    }

    @Test func `a watchdog that is started after the end of the stay ends the pod at once`() {
        let settings = Self.settings { $0.leaveAt = Self.start - 5 }
        let policy = Policy(settings, at: .seconds(77), date: Self.start)
        #expect(policy.reason(at: .seconds(77), date: Self.start) == .stayOver(Self.start - 5))
    }

    @Test func `the first worker is remembered`() {
        var policy = Policy(Self.settings, at: .zero, date: Self.start)
        policy.note(Self.settingUp, at: .zero)
        #expect(!policy.hasSeenWorker)
        policy.note(Self.silent, at: .zero)
        policy.note(Self.empty, at: .zero)
        #expect(policy.hasSeenWorker)
    }

    @Test func `a pod has these limits, unless told otherwise`() {
        let settings = Policy.Settings(leaveAt: Self.start)
        #expect(settings.setupLimit == .seconds(1800) && settings.goneGrace == .seconds(120))
        #expect(settings.pulseLimit == .seconds(600) && settings.hangLimit == .seconds(2400))
        #expect(settings.mostWorkers == 6 && !settings.isPersistent)
    }

    static let words: [(Policy.Reason, isFailure: Bool, String)] = [
        (.stayOver(Self.start), false, "its maximum stay is over"),
        (.asked("no GPU"), false, "no GPU"),
        (.setupEndless(.milliseconds(300_900)), true, "the set-up did not end within 300 seconds"),
        (
            .setupFailed(.seconds(20)), true,
            "the set-up failed 20 seconds ago, and nothing has ended the pod since"
        ),
        (.workerGone(.seconds(20)), true, "no worker has been running for 20 seconds"),
        (.workersKeepEnding(7), true, "7 workers were started one after the other, and none got on"),
        (.workerFrozen(.seconds(60)), true, "the worker has shown no sign of life for 60 seconds"),
        (
            .workerHangs(.seconds(200)), true,
            "the worker got on with nothing and heard nothing of its server for 200 seconds"
        ),
    ]

    @Test(arguments: Self.words) func `each reason has its words`(
        reason: Policy.Reason, isFailure: Bool, words: String
    ) {
        #expect(reason.description == words)
        #expect(reason.isFailure == isFailure)
    }
}
