import CastCore
import Foundation
import Testing

/// When a pod is to be ended from inside; a row is one look at the pod, or the next.
struct WatchPolicyTests {
    private typealias Look = WatchPolicy.Look

    /// Where the wall clock stands at the beginning.
    private static let start = Date(timeIntervalSince1970: 1_800_000_000)

    /// A policy whose limits are far apart: set-up 100, gone 10, pulse 50, hang 200 seconds; three workers; a stay of 1,000.
    private func policy(_ change: (inout WatchPolicy.Settings) -> Void = { _ in }, before: Duration = .zero)
        -> WatchPolicy
    {
        var settings = WatchPolicy.Settings(leaveAt: Self.start + 1000)
        settings.setupLimit = .seconds(100)
        settings.goneGrace = .seconds(10)
        settings.pulseLimit = .seconds(50)
        settings.hangLimit = .seconds(200)
        settings.mostWorkers = 3
        change(&settings)
        return WatchPolicy(settings, alreadySettingUp: before, at: .zero)
    }

    private func pulse(
        _ pid: Int32 = 7, written: Double, progressed: Double? = nil, answered: Double? = nil, jobs: [Int64] = [1],
        audio: Double? = nil
    ) -> Pulse {
        Pulse(
            pid: pid, startedAt: 0, writtenAt: written, serverAnsweredAt: answered, progressedAt: progressed,
            jobs: jobs,
            longestAudioSeconds: audio)
    }

    /// What the policy says a moment before a limit, and at it.
    private func around(_ policy: WatchPolicy, _ seconds: Int) -> [WatchPolicy.Reason?] {
        [.seconds(seconds) - .milliseconds(1), .seconds(seconds)].map {
            policy.reason(at: $0, date: Self.start + ($0 / .seconds(1)))
        }
    }

    @Test func `the end of the stay counts by the wall clock, whatever the pod does`() {
        for phase in [WatchPolicy.Phase.settingUp, .ready, .failed] {
            for isPersistent in [false, true] {
                var policy = self.policy { $0.isPersistent = isPersistent }
                policy.note(Look(phase: phase, worker: 7, pulse: self.pulse(written: 1)), at: .zero)
                let end = Self.start + 1000
                #expect(policy.reason(at: .seconds(1), date: end - 0.001) == nil)
                #expect(policy.reason(at: .seconds(1), date: end) == .stayOver(end))
                #expect(policy.reason(at: .seconds(1), date: end + 86_400) == .stayOver(end))
            }
        }
    }

    @Test func `a set-up has its time, and none again after a restart of the container`() {
        var fresh = self.policy()
        fresh.note(Look(), at: .zero)
        #expect(self.around(fresh, 100) == [nil, .setupEndless(.seconds(100))])
        var again = self.policy(before: .seconds(70))
        again.note(Look(), at: .zero)
        #expect(self.around(again, 30) == [nil, .setupEndless(.seconds(100))])
        // A clock that was set back while nobody looked gives no time.
        var odd = self.policy(before: .seconds(-5000))
        odd.note(Look(), at: .zero)
        #expect(self.around(odd, 100) == [nil, .setupEndless(.seconds(100))])
    }

    @Test func `a worker ends the set-up, though the script still says that it goes on`() {
        var policy = self.policy()
        policy.note(Look(worker: 7, pulse: self.pulse(written: 1)), at: .seconds(99))
        #expect(policy.hasSeenWorker)
        #expect(policy.reason(at: .seconds(100), date: Self.start) == nil)
    }

    @Test func `a set-up that failed has a moment for the pod to be ended`() {
        var policy = self.policy()
        policy.note(Look(phase: .failed), at: .seconds(5))
        policy.note(Look(phase: .failed), at: .seconds(14))
        #expect(self.around(policy, 15) == [nil, .setupFailed(.seconds(10))])
        // It tries again: the moment begins anew.
        policy.note(Look(phase: .settingUp), at: .seconds(15))
        policy.note(Look(phase: .failed), at: .seconds(20))
        #expect(self.around(policy, 30) == [nil, .setupFailed(.seconds(10))])
    }

    @Test func `no worker any more, or none though the script is ready`() {
        var gone = self.policy()
        gone.note(Look(phase: .ready, worker: 7), at: .seconds(1))
        gone.note(Look(phase: .ready), at: .seconds(20))
        gone.note(Look(phase: .ready), at: .seconds(29))
        #expect(self.around(gone, 30) == [nil, .workerGone(.seconds(10))])
        // The next one came in time.
        gone.note(Look(phase: .ready, worker: 8), at: .seconds(29))
        #expect(self.around(gone, 30) == [nil, nil])

        var never = self.policy()
        never.note(Look(phase: .ready), at: .seconds(1))
        #expect(self.around(never, 11) == [nil, .workerGone(.seconds(10))])
    }

    @Test func `a worker that writes no pulse any more is frozen; one that never wrote one is not`() {
        var policy = self.policy()
        policy.note(Look(phase: .ready, worker: 7, pulse: self.pulse(written: 1)), at: .seconds(1))
        policy.note(Look(phase: .ready, worker: 7, pulse: self.pulse(written: 5)), at: .seconds(5))
        policy.note(Look(phase: .ready, worker: 7, pulse: self.pulse(written: 5)), at: .seconds(50))
        #expect(self.around(policy, 55) == [nil, .workerFrozen(.seconds(50))])

        var silent = self.policy()
        silent.note(Look(phase: .ready, worker: 7), at: .seconds(1))
        #expect(self.around(silent, 52) == [nil, nil])
        #expect(self.around(silent, 201) == [nil, .workerHangs(.seconds(200))])
    }

    @Test func `another process's pulse is no sign of life`() {
        var policy = self.policy()
        policy.note(Look(phase: .ready, worker: 7, pulse: self.pulse(written: 1)), at: .seconds(1))
        for second in 2...60 {
            policy.note(
                Look(phase: .ready, worker: 7, pulse: self.pulse(8, written: Double(second))), at: .seconds(second))
        }
        #expect(policy.reason(at: .seconds(60), date: Self.start) == .workerFrozen(.seconds(59)))
    }

    @Test(arguments: [
        // What is new in every pulse, and whether the worker is left in peace for that.
        ("nothing", false), ("progress", true), ("answers", true), ("jobs", true),
    ])
    func `a worker hangs when it lives, and neither gets on nor hears of its server`(fresh: String, isFine: Bool) {
        var policy = self.policy()
        for second in stride(from: 0, through: 400, by: 20) {
            let time = Double(second)
            let pulse = self.pulse(
                written: time, progressed: fresh == "progress" ? time : 3, answered: fresh == "answers" ? time : 3,
                jobs: fresh == "jobs" ? [Int64(second)] : [1])
            policy.note(Look(phase: .ready, worker: 7, pulse: pulse), at: .seconds(second))
            let reason = policy.reason(at: .seconds(second), date: Self.start)
            #expect(reason == (isFine || second < 200 ? nil : .workerHangs(.seconds(second))))
        }
    }

    @Test func `a job may take as long as its audio`() {
        var policy = self.policy()
        policy.note(Look(phase: .ready, worker: 7, pulse: self.pulse(written: 1, audio: 300)), at: .zero)
        policy.note(Look(phase: .ready, worker: 7, pulse: self.pulse(written: 280, audio: 300)), at: .seconds(280))
        #expect(self.around(policy, 300) == [nil, .workerHangs(.seconds(300))])
        // Short audio leaves the limit as it is.
        var short = self.policy()
        short.note(Look(phase: .ready, worker: 7, pulse: self.pulse(written: 1, audio: 5)), at: .zero)
        short.note(Look(phase: .ready, worker: 7, pulse: self.pulse(written: 180, audio: 5)), at: .seconds(180))
        #expect(self.around(short, 200) == [nil, .workerHangs(.seconds(200))])
    }

    @Test func `workers that come and go without any progress are enough at some time`() {
        var policy = self.policy()
        for pid in Int32(1)...3 { policy.note(Look(phase: .ready, worker: pid), at: .seconds(Int(pid))) }
        #expect(policy.reason(at: .seconds(3), date: Self.start) == nil)
        policy.note(Look(phase: .ready, worker: 4), at: .seconds(4))
        #expect(policy.reason(at: .seconds(4), date: Self.start) == .workersKeepEnding(4))
    }

    @Test func `progress between two of them wipes the slate, a mere pulse does not`() {
        var policy = self.policy()
        for pid in Int32(1)...3 { policy.note(Look(phase: .ready, worker: pid), at: .seconds(Int(pid))) }
        // Its first pulse, whatever is in it, is not progress yet.
        policy.note(Look(phase: .ready, worker: 3, pulse: self.pulse(3, written: 4, progressed: 1)), at: .seconds(4))
        var idle = policy
        idle.note(Look(phase: .ready, worker: 3, pulse: self.pulse(3, written: 5, progressed: 1)), at: .seconds(5))
        idle.note(Look(phase: .ready, worker: 4), at: .seconds(6))
        #expect(idle.reason(at: .seconds(6), date: Self.start) == .workersKeepEnding(4))
        policy.note(Look(phase: .ready, worker: 3, pulse: self.pulse(3, written: 5, progressed: 5)), at: .seconds(5))
        for pid in Int32(4)...5 { policy.note(Look(phase: .ready, worker: pid), at: .seconds(6)) }
        #expect(policy.reason(at: .seconds(6), date: Self.start) == nil)
        policy.note(Look(phase: .ready, worker: 6), at: .seconds(7))
        #expect(policy.reason(at: .seconds(7), date: Self.start) == .workersKeepEnding(4))
    }

    @Test func `a persistent pod stays without a worker, but not with one that hangs`() {
        var policy = self.policy { $0.isPersistent = true }
        policy.note(Look(phase: .failed), at: .zero)
        #expect(policy.reason(at: .seconds(900), date: Self.start) == nil)
        policy.note(Look(phase: .settingUp), at: .seconds(1))
        #expect(policy.reason(at: .seconds(900), date: Self.start) == nil)
        for pid in Int32(1)...9 { policy.note(Look(phase: .ready, worker: pid), at: .seconds(2)) }
        #expect(policy.reason(at: .seconds(3), date: Self.start) == nil)
        #expect(policy.reason(at: .seconds(202), date: Self.start) == .workerHangs(.seconds(200)))
        policy.note(Look(phase: .ready), at: .seconds(203))
        #expect(policy.reason(at: .seconds(900), date: Self.start) == nil)
    }

    @Test func `what somebody in the pod wants comes before all but the end of the stay, and is not forgotten`() {
        var policy = self.policy { $0.isPersistent = true }
        policy.note(Look(ending: "nothing more to do"), at: .zero)
        policy.note(Look(phase: .ready, worker: 7, ending: "another reason"), at: .seconds(1))
        policy.note(Look(phase: .ready, worker: 7), at: .seconds(2))
        #expect(policy.reason(at: .seconds(2), date: Self.start) == .asked("nothing more to do"))
        #expect(policy.reason(at: .seconds(2), date: Self.start + 1000) == .stayOver(Self.start + 1000))
    }

    @Test(
        arguments: [
            (.stayOver(start), false, "its maximum stay is over"), (.asked("enough"), false, "enough"),
            (.setupEndless(.seconds(9)), true, "the set-up did not end within 9 seconds"),
            (.setupFailed(.seconds(9)), true, "the set-up failed 9 seconds ago, and nothing has ended the pod since"),
            (.workerGone(.milliseconds(9900)), true, "no worker has been running for 9 seconds"),
            (.workersKeepEnding(7), true, "7 workers were started one after the other, and none got on"),
            (.workerFrozen(.seconds(60)), true, "the worker has shown no sign of life for 60 seconds"),
            (
                .workerHangs(.seconds(60)), true,
                "the worker got on with nothing and heard nothing of its server for 60 seconds"
            ),
        ] as [(WatchPolicy.Reason, Bool, String)])
    func `each reason is a sentence, and planned or a failure`(
        reason: WatchPolicy.Reason, isFailure: Bool, words: String
    ) {
        #expect(reason.description == words)
        #expect(reason.isFailure == isFailure)
    }
}
