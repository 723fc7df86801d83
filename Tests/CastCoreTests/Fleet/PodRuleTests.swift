import CastCore
import Foundation
import Testing

/// What a pod does besides what its table of states says.
extension PodTests {
    @Test func `a pod whose create got no answer is looked for three times and three minutes`() {
        var pod = Self.pod(.wanted)
        pod.handle(.createSent(Self.candidate, Self.stay), at: Self.start)
        for second in [10.0, 20, 30, 170] {
            pod.handle(.notFoundByName, at: Self.start + second)
            #expect(pod.isOpen)
        }
        pod.handle(.notFoundByName, at: Self.start + 180)
        #expect(pod.ending?.reason == .neverAppeared)
        #expect(pod.ending?.wantsReplacement == true)
    }

    @Test func `a pod that the list shows again was not missing`() {
        var pod = Self.pod(.connecting)
        for event in [PodEvent.missing, .seen(Sighting()), .missing] { pod.handle(event, at: Self.now) }
        #expect(pod.isOpen)
        pod.handle(.missing, at: Self.now)
        #expect(pod.ending?.reason == .vanished)
    }

    @Test func `a persistent pod stays when idle, and ends when its time is over`() {
        var pod = Self.pod(.ready)
        pod.handle(.persistenceSet(true), at: Self.now)
        pod.handle(.foundIdle("idle"), at: Self.now)
        #expect(pod.isReady)
        #expect(pod.neglect(at: Self.start + 400, listeningSince: Self.start) == nil)
        pod.handle(.deadlinePassed(.lifetime), at: Self.now)
        #expect(pod.ending?.reason == .lifetime)
    }

    @Test func `a persistent pod whose setup failed stays, until it is persistent no more`() {
        var pod = Self.pod(.installing)
        pod.handle(.persistenceSet(true), at: Self.now)
        pod.handle(.setupReported(SetupReport(phase: .failed, error: "no GPU\nthe last\nlines")), at: Self.now)
        #expect(pod.ending == nil && pod.phase == .failed && pod.message == "no GPU")
        #expect(pod.rental?.setupFailure?.log == "the last\nlines")
        #expect(pod.passedDeadline(at: Self.start + 35_999) == nil)
        #expect(pod.passedDeadline(at: Self.start + 36_000) == .lifetime)
        pod.handle(.persistenceSet(false), at: Self.now)
        #expect(pod.passedDeadline(at: Self.now) == .setup)
        pod.handle(.deadlinePassed(.setup), at: Self.now)
        #expect(pod.ending?.reason == .setupFailed && pod.ending?.detail == "no GPU")
    }

    static let failures: [(PodEvent, PodEnding.Reason, String)] = [
        (
            .setupReported(SetupReport(phase: .failed, error: "the worker crashed\nlast\nlines")), .setupFailed,
            "the worker crashed"
        ),
        (.heartbeatLost("no heartbeat for 7 minutes"), .heartbeatLost, "no heartbeat for 7 minutes"),
    ]

    @Test(arguments: Self.failures)
    func `a persistent pod whose worker fails stays, until it is persistent no more`(
        event: PodEvent, reason: PodEnding.Reason, words: String
    ) {
        var pod = Self.pod(.ready)
        pod.handle(.persistenceSet(true), at: Self.now)
        pod.handle(event, at: Self.now)
        #expect(pod.isReady && pod.ending == nil && pod.phase == .failed && pod.message == words)
        #expect(pod.due == [.watch("pod")] && pod.node == Self.node)
        #expect(pod.rental?.setupFailure?.reason == reason)
        // Told once, and only its time is over one day.
        let told = pod
        pod.handle(.heartbeatLost("no heartbeat for 9 minutes"), at: Self.now + 120)
        #expect(pod == told)
        #expect(pod.neglect(at: Self.start + 30_000, listeningSince: Self.start) == nil)
        #expect(pod.passedDeadline(at: Self.start + 35_999) == nil)
        #expect(pod.passedDeadline(at: Self.start + 36_000) == .lifetime)
        // A heartbeat that was on its way says nothing; a later one is of a worker that a person has started.
        pod.handle(.workerHeard(at: Self.now, isBusy: false), at: Self.now + 1)
        #expect(pod.phase == .failed)
        var mended = pod
        mended.handle(.workerHeard(at: Self.now + 60, isBusy: false), at: Self.now + 61)
        #expect(mended.phase == .ready && mended.message == "works again" && mended.isReady)
        #expect(mended.neglect(at: Self.now + 600, listeningSince: Self.start) != nil)
        pod.handle(.persistenceSet(false), at: Self.now)
        #expect(pod.passedDeadline(at: Self.now) == .setup)
        pod.handle(.deadlinePassed(.setup), at: Self.now)
        #expect(pod.ending?.reason == reason && pod.ending?.detail == words && pod.stateName == "draining")
    }

    @Test(arguments: [PodDeadline.setup, .registration])
    func `a persistent pod that is late with its setup stays, and may still be done`(deadline: PodDeadline) {
        var pod = Self.pod(.connecting)
        pod.handle(.persistenceSet(true), at: Self.now)
        pod.handle(.deadlinePassed(deadline), at: Self.now)
        #expect(pod.stateName == "installing" && pod.phase == .failed && pod.ending == nil)
        #expect(pod.passedDeadline(at: Self.start + 35_999) == nil)
        #expect(pod.passedDeadline(at: Self.start + 36_000) == .lifetime)
        var ended = pod
        ended.handle(.persistenceSet(false), at: Self.now)
        ended.handle(.deadlinePassed(.setup), at: Self.now)
        #expect(ended.ending?.reason == pod.rental?.setupFailure?.reason && ended.stateName == "terminating")
        pod.handle(.workerRegistered(Self.node, heardAt: Self.now + 60), at: Self.now + 61)
        pod.handle(.workerHeard(at: Self.now + 60, isBusy: false), at: Self.now + 61)
        #expect(pod.isReady && pod.phase == .ready)
        // Where nothing runs there is nothing to look at.
        var absent = Self.pod(.starting)
        absent.handle(.persistenceSet(true), at: Self.now)
        absent.handle(.deadlinePassed(.launch), at: Self.now)
        #expect(absent.ending?.reason == .launchDeadline)
    }

    @Test(arguments: [
        PodEvent.endRequested("click"), .foundSurplus("too many"), .broke("ERROR"), .wrongMachine("L4"),
        .leaveRequested("done"), .deadlinePassed(.lifetime),
    ])
    func `whatever else ends a pod that works ends a persistent one`(event: PodEvent) {
        var pod = Self.pod(.ready)
        pod.handle(.persistenceSet(true), at: Self.now)
        pod.handle(event, at: Self.now)
        #expect(pod.stateName == "draining")
    }

    @Test func `a report's error is one line, and what follows it are the last lines of its log`() {
        let long = String(repeating: "x", count: 9000)
        let report = SetupReport(phase: .failed, message: "engine", error: "it broke\none\n\(long)")
        #expect(report.error == "it broke" && report.log == String(long.suffix(SetupReport.longestLog)))
        #expect(SetupReport(phase: .failed, error: "it broke").log == nil)
        #expect(SetupReport(phase: .failed, error: "it broke\n").log == nil)
        var pod = Self.pod(.connecting)
        pod.handle(.setupReported(report), at: Self.now)
        #expect(pod.ending?.detail == "engine: it broke" && pod.ending?.log == report.log)
    }

    static let deadlines: [(Place, after: TimeInterval, PodDeadline?)] = [
        (.wanted, 1799, nil), (.wanted, 1800, .capacity), (.asked, 35_999, nil), (.asked, 36_000, .lifetime),
        (.starting, 1199, nil), (.starting, 1200, .launch), (.starting, 36_000, .lifetime), (.ready, 35_999, nil),
        (.ready, 36_000, .lifetime), (.draining, 119, nil), (.draining, 120, .draining), (.terminating, 90_000, nil),
        (.gone, 90_000, nil),
    ]

    @Test func `deadlines are measured from what is written down`() {
        for (place, after, deadline) in Self.deadlines {
            #expect(Self.pod(place).passedDeadline(at: Self.start + after) == deadline, "\(place) after \(after)")
        }
        var pod = Self.pod(.starting)
        pod.handle(.containerStarted, at: Self.start + 1000)
        #expect(pod.passedDeadline(at: Self.start + 1899) == nil)
        #expect(pod.passedDeadline(at: Self.start + 1900) == .setup)
        pod.handle(.setupReported(SetupReport(phase: .ready)), at: Self.start + 1800)
        #expect(pod.passedDeadline(at: Self.start + 2099) == nil)
        #expect(pod.passedDeadline(at: Self.start + 2100) == .registration)
    }

    @Test func `silence counts from when somebody listened`() {
        let pod = Self.pod(.ready)
        let late = Self.start + 4000
        #expect(pod.neglect(at: late, listeningSince: Self.start) == .heartbeatLost("no heartbeat for 66 minutes"))
        #expect(pod.neglect(at: late, listeningSince: late - 60) == nil)
    }

    @Test func `a worker without a job for long is idle, and one with a job is not`() {
        var pod = Self.pod(.ready)
        pod.handle(.workerHeard(at: Self.start + 60, isBusy: false), at: Self.start + 60)
        pod.handle(.workerHeard(at: Self.start + 960, isBusy: false), at: Self.start + 960)
        #expect(pod.neglect(at: Self.start + 959, listeningSince: Self.start) == nil)
        #expect(pod.neglect(at: Self.start + 960, listeningSince: Self.start) == .foundIdle("no job for 15 minutes"))
        pod.handle(.workerHeard(at: Self.start + 960, isBusy: true), at: Self.start + 960)
        #expect(pod.neglect(at: Self.start + 960, listeningSince: Self.start) == nil)
    }

    @Test func `what was given is compared by whole ids, by driver, and by price`() {
        let policy = CandidatePolicy(blocked: ["NVIDIA L4"], minimumCUDA: CUDAVersion(major: 12, minor: 8))
        var rental = Self.rental()
        #expect(Pod.objection(to: rental, hostCUDA: nil, policy: policy) == nil)
        #expect(Pod.objection(to: rental, hostCUDA: CUDAVersion(major: 12, minor: 11), policy: policy) == nil)
        #expect(Pod.objection(to: rental, hostCUDA: CUDAVersion(major: 12, minor: 4), policy: policy) != nil)
        rental.gpu = "NVIDIA L40"
        #expect(Pod.objection(to: rental, hostCUDA: nil, policy: policy) == nil)
        rental.gpu = "NVIDIA L4"
        #expect(Pod.objection(to: rental, hostCUDA: nil, policy: policy) != nil)
        rental = Self.rental()
        rental.pricePerHour = Self.candidate.priceLimit + Money(micros: 1)
        #expect(Pod.objection(to: rental, hostCUDA: nil, policy: policy) != nil)
    }

    @Test func `texts of a pod are cut`() {
        let report = SetupReport(phase: .failed, message: String(repeating: "x", count: 9999), hostIP: nil)
        #expect(report.message.count == SetupReport.longestText)
    }

    @Test(arguments: Place.allCases)
    func `a pod is stored and read as it was`(place: Place) throws {
        let pod = Self.pod(place)
        #expect(try JSONDecoder().decode(Pod.self, from: JSONEncoder().encode(pod)) == pod)
    }
}
