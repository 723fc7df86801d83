import CastCore
import CastTestSupport
import Foundation
import PodWatch
import Testing

/// What start script, watchdog and `pod-end` tell each other.
struct PodStateTests {
    static func run(_ body: (PodState, (String, String) throws -> Void) throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let state = PodState(folder: folder.appendingPathComponent("state"))
            try body(state) { name, text in
                try state.make()
                try Data(text.utf8).write(to: state.file(name))
            }
        }
    }

    static let phases: [(String?, WatchPolicy.Phase)] = [
        (nil, .settingUp), ("", .settingUp), ("start\n", .settingUp), ("Tailscale\n", .settingUp),
        ("smoke test\n", .settingUp), ("ready\n", .ready), ("  ready and more", .ready), ("readyish", .settingUp),
        ("failed smoke test: no GPU\n", .failed), ("Failed", .settingUp),
    ]

    @Test func `the first word of the phase counts`() async throws {
        for (text, phase) in Self.phases {
            try await Self.run { state, write in
                if let text { try write("phase", text) }
                #expect(state.phase == phase, "\(text ?? "no file")")
            }
        }
    }

    @Test func `the first reason to end stays`() async throws {
        try await Self.run { state, write in
            #expect(state.ending == nil)
            state.begin(ending: "no GPU")
            state.begin(ending: "late")
            #expect(state.ending == "no GPU")
            try write("ending", "\n")
            #expect(state.ending == "somebody in the pod wants its end")
        }
    }

    @Test(
        arguments: [
            ("12\n", 12), ("  12  ", 12), ("", nil), ("x", nil), ("1", nil), ("0", nil), ("-5", nil),
            ("99999999999", nil),
        ] as [(String, Int32?)])
    func `the worker's number is one that a process can have`(text: String, pid: Int32?) async throws {
        try await Self.run { state, write in
            #expect(state.namedWorker == nil)
            let before = Date()
            try write("worker.pid", text)
            #expect(state.namedWorker?.pid == pid)
            if let named = state.namedWorker { #expect(abs(named.at.timeIntervalSince(before)) < 60) }
        }
    }

    @Test(arguments: ["", "x", "nan", "-inf", "-1e300", "1e300", "2000000001"])
    func `a time of the set-up that cannot be is begun anew`(text: String) async throws {
        try await Self.run { state, write in
            let now = Date(timeIntervalSince1970: 2_000_000_000)
            try write("setup-since", text)
            #expect(state.setupSince(now) == now)
            #expect(state.setupSince(now + 50) == now)
        }
    }

    @Test func `the set-up is as old as its first life, until it is done`() async throws {
        try await Self.run { state, _ in
            let now = Date(timeIntervalSince1970: 2_000_000_000)
            #expect(state.setupSince(now) == now)
            #expect(state.setupSince(now + 500) == now)
            state.endSetup()
            #expect(state.setupSince(now + 900) == now + 900)
        }
    }

    @Test func `a pod has one watchdog, and another one when that has ended`() async throws {
        try await Self.run { state, _ in
            var lock: WatchLock? = try WatchLock(state)
            #expect(throws: CastError.self) { _ = try WatchLock(state) }
            withExtendedLifetime(lock) {}
            lock = nil
            _ = try WatchLock(state)
        }
    }

    @Test func `a folder that cannot be made is told`() {
        let state = PodState(environment: ["CAST2MD_POD_STATE": "/dev/null/state"])
        let error = #expect(throws: CastError.self) { _ = try WatchLock(state) }
        #expect(error?.code == .storageFull && error?.message.contains("CAST2MD_POD_STATE") == true)
        state.begin(ending: "no GPU")
        #expect(state.ending == nil && state.phase == .settingUp && state.namedWorker == nil)
        #expect(PodState(environment: [:]).folder.path == "/run/cast2md-pod")
    }
}
