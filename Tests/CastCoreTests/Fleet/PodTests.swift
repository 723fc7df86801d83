import CastCore
import Foundation
import Testing

/// Every pair of a pod's state and event.
struct PodTests {
    static let start = Date(timeIntervalSince1970: 1_800_000_000)
    static let now = Self.start + 300
    static let candidate = Candidate(
        gpu: "NVIDIA RTX A5000", displayName: "RTX A5000", cloud: .community, pricePerHour: Money(micros: 220_000),
        speed: 87)
    static let stay = Stay(from: Self.start, leaveAt: Self.start + 36_000, priceLimit: Self.candidate.priceLimit)
    static let node = NodeID("node")
    static let instance = InstanceID.draw(notIn: []) { 0xa3f2 }

    static func rental(_ pod: PodID = "pod", misses: Int = 0) -> Rental {
        var rental = Rental(
            pod: pod, gpu: Self.candidate.gpu, gpuName: "RTX A5000", cloud: .community,
            pricePerHour: Self.candidate.pricePerHour, since: Self.start, stay: Self.stay)
        rental.misses = misses
        return rental
    }

    enum Place: String, CaseIterable {
        case wanted, asked, starting, connecting, installing, ready, missedOnce, draining, endingAsked, terminating,
            gone
    }

    static func pod(_ place: Place) -> Pod {
        var pod = Pod(
            instance: Self.instance, model: "parakeet-tdt-0.6b-v3", purpose: "test", setupToken: "token",
            at: Self.start)
        let ending = PodEnding(.idle, "idle", at: Self.start)
        let worker = PodWorker(node: Self.node, registeredAt: Self.start, heardAt: Self.start)
        pod.state =
            switch place {
            case .wanted: .creating(nil)
            case .asked: .creating(Ask(candidate: Self.candidate, stay: Self.stay, looks: 2))
            case .starting: .starting(Self.rental())
            case .connecting: .connecting(Self.rental())
            case .installing: .installing(Self.rental())
            case .ready: .ready(Self.rental(), worker)
            case .missedOnce: .ready(Self.rental(misses: 1), worker)
            case .draining: .draining(Self.rental(), worker, ending)
            case .endingAsked:
                .terminating(.asked(Ask(candidate: Self.candidate, stay: Self.stay, looks: 2)), node: nil, ending)
            case .terminating: .terminating(.rented(Self.rental()), node: Self.node, ending)
            case .gone: .gone(node: Self.node, ending)
            }
        return pod
    }

    static let events: [(name: String, event: PodEvent)] = [
        ("createSent", .createSent(Self.candidate, Self.stay)),
        ("accepted", .accepted(Self.rental("late"))),
        ("outcomeUnknown", .outcomeUnknown("timeout")),
        ("refused", .refused("nothing free", isFinal: false)),
        ("refusedForGood", .refused("bad request", isFinal: true)),
        ("notFoundByName", .notFoundByName),
        ("seen", .seen(Sighting(dataCentre: "EU-RO-1"))),
        ("containerStarted", .containerStarted),
        ("saysConnecting", .setupReported(SetupReport(phase: .connecting))),
        ("saysInstalling", .setupReported(SetupReport(phase: .installing))),
        ("saysReady", .setupReported(SetupReport(phase: .ready))),
        ("saysFailed", .setupReported(SetupReport(phase: .failed, error: "no GPU"))),
        ("workerRegistered", .workerRegistered(NodeID("new"), heardAt: Self.now)),
        ("workerHeard", .workerHeard(at: Self.now, isBusy: true)),
        ("heartbeatLost", .heartbeatLost("silent")),
        ("leaveRequested", .leaveRequested("empty")),
        ("endRequested", .endRequested("click")),
        ("foundSurplus", .foundSurplus("too many")),
        ("foundIdle", .foundIdle("idle")),
        ("capacity", .deadlinePassed(.capacity)),
        ("launch", .deadlinePassed(.launch)),
        ("setup", .deadlinePassed(.setup)),
        ("registration", .deadlinePassed(.registration)),
        ("lifetime", .deadlinePassed(.lifetime)),
        ("drainingTooLong", .deadlinePassed(.draining)),
        ("missing", .missing),
        ("wrongMachine", .wrongMachine("L4")),
        ("broke", .broke("ERROR")),
        ("jobsReleased", .jobsReleased),
        ("goneConfirmed", .goneConfirmed),
        ("nodeRemoved", .nodeRemoved),
        ("madePersistent", .persistenceSet(true)),
        ("keyMinted", .keyMinted),
        ("devicesRemoved", .devicesRemoved),
    ]

    /// The state's name, what is held, whose node, why it ends: as much as tells two states apart.
    static func picture(_ pod: Pod) -> String {
        let held = pod.rental.map { "\($0.pod)" + ($0.misses > 0 ? "!" : "") } ?? pod.ask.map { _ in "?" } ?? "-"
        let marks = (pod.isPersistent ? ["persistent"] : []) + (pod.keyMintedAt == nil ? [] : ["key"])
        return ([pod.stateName, held, pod.node?.rawValue ?? "-", pod.ending?.reason.rawValue ?? "-"] + marks)
            .joined(separator: " ")
    }

    /// What each event makes of each place; events that are not named leave it as it is.
    static let rows: [Place: [String: String]] = [
        .wanted: [
            "keyMinted": "creating - - - key", "createSent": "creating ? - -", "accepted": "starting late - -",
            "refusedForGood": "gone - - refused",
            "leaveRequested": "gone - - left", "endRequested": "gone - - endedByPerson",
            "foundSurplus": "gone - - surplus", "capacity": "gone - - noCapacity", "launch": "gone - - launchDeadline",
            "setup": "gone - - setupDeadline", "registration": "gone - - registrationDeadline",
            "lifetime": "gone - - lifetime",
        ],
        .asked: [
            "accepted": "starting late - -", "refused": "creating - - -", "refusedForGood": "gone - - refused",
            "notFoundByName": "gone - - neverAppeared", "leaveRequested": "terminating ? - left",
            "endRequested": "terminating ? - endedByPerson", "foundSurplus": "terminating ? - surplus",
            "capacity": "terminating ? - noCapacity", "launch": "terminating ? - launchDeadline",
            "setup": "terminating ? - setupDeadline", "registration": "terminating ? - registrationDeadline",
            "lifetime": "terminating ? - lifetime",
        ],
        .starting: Self.onTheWay.merging([
            "containerStarted": "connecting pod - -", "saysConnecting": "connecting pod - -",
            "saysInstalling": "installing pod - -", "saysReady": "installing pod - -",
        ]) { $1 },
        .connecting: Self.onTheWay.merging([
            "saysInstalling": "installing pod - -", "saysReady": "installing pod - -",
            "missing": "connecting pod! - -",
        ]) { $1 },
        .installing: Self.onTheWay.merging(["missing": "installing pod! - -"]) { $1 },
        .ready: Self.whileReady.merging(["missing": "ready pod! node -"]) { $1 },
        .missedOnce: Self.whileReady.mapValues { $0.replacingOccurrences(of: "pod ", with: "pod! ") }.merging([
            "missing": "gone - node vanished", "seen": "ready pod node -",
        ]) { $1 },
        .draining: [
            "jobsReleased": "terminating pod node idle", "capacity": "terminating pod node idle",
            "launch": "terminating pod node idle", "setup": "terminating pod node idle",
            "registration": "terminating pod node idle", "lifetime": "terminating pod node idle",
            "drainingTooLong": "terminating pod node idle", "missing": "draining pod! node idle",
        ],
        .endingAsked: [
            "accepted": "terminating late - idle", "refused": "gone - - idle", "refusedForGood": "gone - - idle",
            "notFoundByName": "gone - - idle", "workerRegistered": "terminating ? new idle",
        ],
        .terminating: [
            "missing": "gone - node idle", "goneConfirmed": "gone - node idle",
            "workerRegistered": "terminating pod new idle",
        ],
        .gone: ["nodeRemoved": "gone - - idle"],
    ]

    static let onTheWay = [
        "saysFailed": "terminating pod - setupFailed", "workerRegistered": "ready pod new -",
        "leaveRequested": "terminating pod - left", "endRequested": "terminating pod - endedByPerson",
        "foundSurplus": "terminating pod - surplus", "capacity": "terminating pod - noCapacity",
        "launch": "terminating pod - launchDeadline",
        "setup": "terminating pod - setupDeadline", "registration": "terminating pod - registrationDeadline",
        "lifetime": "terminating pod - lifetime",
        "missing": "starting pod! - -", "wrongMachine": "terminating pod - wrongMachine",
        "broke": "terminating pod - broke",
    ]

    static let whileReady = [
        "saysFailed": "draining pod node setupFailed", "workerRegistered": "ready pod new -",
        "heartbeatLost": "draining pod node heartbeatLost", "leaveRequested": "draining pod node left",
        "endRequested": "draining pod node endedByPerson", "foundSurplus": "draining pod node surplus",
        "foundIdle": "draining pod node idle", "capacity": "draining pod node noCapacity",
        "launch": "draining pod node launchDeadline",
        "setup": "draining pod node setupDeadline", "registration": "draining pod node registrationDeadline",
        "lifetime": "draining pod node lifetime",
        "wrongMachine": "draining pod node wrongMachine", "broke": "draining pod node broke",
    ]

    struct Row: CustomTestStringConvertible {
        var place: Place
        var name: String
        var event: PodEvent
        var next: String
        var testDescription: String { "\(self.place) + \(self.name) → \(self.next)" }
    }

    static let table: [Row] = Place.allCases.flatMap { place in
        Self.events.map { name, event in
            let unchanged = Self.picture(Self.pod(place))
            // A mark, whatever the state, until it is gone.
            let marked = name == "madePersistent" && place != .gone ? unchanged + " persistent" : unchanged
            return Row(place: place, name: name, event: event, next: Self.rows[place]?[name] ?? marked)
        }
    }

    @Test(arguments: Self.table)
    func `an event moves a pod where the table says`(row: Row) {
        var pod = Self.pod(row.place)
        pod.handle(row.event, at: Self.now)
        #expect(Self.picture(pod) == row.next)
    }

    @Test func `every row of the table names an event`() {
        let names = Set(Self.events.map(\.name))
        for (place, events) in Self.rows {
            #expect(Set(events.keys).subtracting(names).isEmpty, "\(place)")
        }
    }

    @Test(arguments: Self.table)
    func `nothing brings a pod that is to end back to work, and nothing but proof ends its bill`(row: Row) {
        let before = Self.pod(row.place)
        var pod = before
        pod.handle(row.event, at: Self.now)
        if before.ending != nil { #expect(pod.ending == before.ending) }
        if before.rental != nil, pod.rental == nil {
            #expect(row.event == .missing || row.event == .goneConfirmed)
        }
        if !before.isOpen { #expect(!pod.isOpen) }
    }

    static let due: [(Place, [PodAction])] = [
        (.wanted, [.create]), (.asked, [.find]), (.starting, [.watch("pod")]), (.connecting, [.watch("pod")]),
        (.installing, [.watch("pod")]), (.ready, [.watch("pod")]), (.missedOnce, [.watch("pod")]),
        (.draining, [.releaseJobs(Self.node)]), (.endingAsked, [.find]), (.terminating, [.terminate("pod")]),
        (.gone, [.removeNode(Self.node)]),
    ]

    @Test func `each state says what is due`() {
        #expect(Self.due.map(\.0) == Place.allCases)
        for (place, actions) in Self.due { #expect(Self.pod(place).due == actions, "\(place)") }
        var pod = Self.pod(.gone)
        pod.handle(.nodeRemoved, at: Self.now)
        #expect(pod.due.isEmpty)
    }

    @Test func `a pod with a key of its own takes its device out of the tailnet when it is gone`() {
        var pod = Self.pod(.wanted)
        pod.handle(.keyMinted, at: Self.now)
        pod.handle(.keyMinted, at: Self.now + 60)
        pod.handle(.devicesRemoved, at: Self.now + 60)
        #expect(pod.keyMintedAt == Self.now)
        pod.handle(.accepted(Self.rental()), at: Self.now)
        pod.handle(.setupReported(SetupReport(phase: .connecting, hostIP: "100.64.0.9")), at: Self.now)
        #expect(pod.due == [.watch("pod")])
        pod.handle(.workerRegistered(Self.node, heardAt: Self.now), at: Self.now)
        for event in [PodEvent.endRequested("click"), .jobsReleased, .goneConfirmed] {
            pod.handle(event, at: Self.now)
        }
        let device = TailnetDevice(hostname: "runpod-afterburner-a3f2", address: "100.64.0.9", since: Self.now)
        #expect(pod.due == [.removeNode(Self.node), .removeDevices(device)])
        pod.handle(.devicesRemoved, at: Self.now)
        pod.handle(.nodeRemoved, at: Self.now)
        #expect(pod.due.isEmpty)
    }

    static let phases: [(Place, PodPhase)] = [
        (.wanted, .creating), (.asked, .creating), (.starting, .starting), (.connecting, .connecting),
        (.installing, .installing), (.ready, .ready), (.missedOnce, .ready), (.draining, .ready),
        (.endingAsked, .failed), (.terminating, .ready), (.gone, .ready),
    ]

    @Test func `each state has one of the six phases of the wire`() {
        #expect(Self.phases.map(\.0) == Place.allCases)
        for (place, phase) in Self.phases { #expect(Self.pod(place).phase == phase, "\(place)") }
        var pod = Self.pod(.installing)
        pod.handle(.setupReported(SetupReport(phase: .failed, error: "no GPU")), at: Self.now)
        #expect(pod.phase == .failed)
        #expect(pod.message == "no GPU")
    }
}
