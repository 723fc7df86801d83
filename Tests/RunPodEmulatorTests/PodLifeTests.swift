import CastCore
import CastTestSupport
import Foundation
import NIOHTTP1
import RunPod
import RunPodEmulator
import Testing

@Suite(.timeLimit(.minutes(1)))
struct PodLifeTests {
    @Test func `a pod is bought, read, listed, found and ended`() async throws {
        try await EmulatorFixture.run { emulator in
            let bought = try await emulator.buy()
            #expect(bought.name == "cast2md-afterburner-a3f2" && bought.gpu == "NVIDIA RTX A5000")
            #expect(bought.cloud == .community && bought.pricePerHour == Money("0.22"))
            #expect(
                bought.environment == ["INSTANCE_ID": "a3f2"] && bought.hostCUDA == CUDAVersion(major: 13, minor: 0))
            let up = try await eventually {
                let pod = try await emulator.provider.pod(bought.id)
                return pod?.isUp == true ? pod : nil
            }
            #expect(up?.startedAt != nil)
            let listed = try await emulator.provider.list("cast2md-afterburner-")
            #expect(listed.pods.map(\.id) == [bought.id] && listed.isComplete)
            let others = try await emulator.provider.list("somebody-else-")
            #expect(others.pods.isEmpty)
            let found = try await emulator.provider.find("cast2md-afterburner-a3f2")
            #expect(found.map(\.id) == [bought.id])
            try await emulator.provider.terminate(bought.id)
            let gone = try await emulator.provider.pod(bought.id)
            #expect(gone == nil)
            try await emulator.provider.terminate(bought.id)
            let ledger = await emulator.server.ledger()
            #expect(ledger.stillBilling == 0 && ledger.rows.count == 1)
        }
    }

    @Test func `a pod is a process that sees its environment and nothing else`() async throws {
        try await EmulatorFixture.run {
            $0.secrets = ["ts_auth_key": "tskey-1"]
        } body: { emulator in
            let pod = try await emulator.buy("env | sort | tr '\\n' ' '; echo; pwd; sleep 1000") {
                $0.environment = [
                    "INSTANCE_ID": "a3f2", "TS_AUTH_KEY": "x{{ RUNPOD_SECRET_ts_auth_key }}y",
                    "OTHER": "{{RUNPOD_SECRET_absent}}",
                ]
                $0.ports = ["22/tcp", "8080/http"]
            }
            let line = try #require(try await emulator.line(of: pod) { $0.contains("INSTANCE_ID") })
            let pairs = line.matches(of: /([A-Z0-9_]+)=([^ ]*)/).map { ("\($0.1)", "\($0.2)") }
            let seen = Dictionary(pairs) { $1 }
            #expect(seen["INSTANCE_ID"] == "a3f2" && seen["TS_AUTH_KEY"] == "xtskey-1y")
            #expect(line.contains("OTHER={{RUNPOD_SECRET_absent}}"))
            #expect(seen["RUNPOD_POD_ID"] == pod.id.rawValue && seen["RUNPOD_DC_ID"] == pod.dataCentre?.rawValue)
            #expect(seen["RUNPOD_TCP_PORT_22"] == "22" && seen["RUNPOD_GPU_COUNT"] == "1")
            #expect(seen["RUNPOD_API_KEY"]?.isEmpty == false && seen["RUNPOD_API_KEY"] != "emulator-key")
            let known: Set = [
                "INSTANCE_ID", "TS_AUTH_KEY", "OTHER", "RUNPOD_POD_ID", "RUNPOD_DC_ID", "RUNPOD_POD_HOSTNAME",
                "RUNPOD_GPU_COUNT", "RUNPOD_CPU_COUNT", "RUNPOD_PUBLIC_IP", "RUNPOD_TCP_PORT_22", "RUNPOD_API_KEY",
                "RUNPOD_API_BASE_URL", "PATH", "HOME", "PWD", "OLDPWD",
            ]
            #expect(Set(seen.keys).subtracting(known).isEmpty)
            let folder = try await emulator.line(of: pod) { $0.hasSuffix("/pods/\(pod.id)") }
            #expect(folder != nil)
            // What GET shows is what was sent: no secret, no key.
            let shown = try await emulator.send(.GET, "/v2/pods/\(pod.id)")
            #expect(!shown.text.contains("tskey-1") && !shown.text.contains(seen["RUNPOD_API_KEY"] ?? "-"))
        }
    }

    @Test func `a pod finds the files and the variables of its image, and what it was given wins`() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("image/opt"), withIntermediateDirectories: true)
            try Data("words".utf8).write(to: folder.appendingPathComponent("image/opt/file"))
            try await EmulatorFixture.run {
                $0.image = EmulatorOptions.Image(
                    files: folder.appendingPathComponent("image"),
                    environment: ["ONE": "image", "TWO": "image", "RUNPOD_API_KEY": "image"])
            } body: { emulator in
                let pod = try await emulator.buy(
                    "echo seen $ONE $TWO $(cat ~/opt/file) ${RUNPOD_API_KEY%%_*}; sleep 1000"
                ) {
                    $0.environment = ["TWO": "given"]
                }
                let line = try await emulator.line(of: pod) { $0.hasPrefix("seen ") }
                #expect(line == "seen image given words rpa")
            }
        }
    }

    /// A child in the group, a child that left it, and a child of that one.
    private static let family =
        "sleep 1001 & echo child $!; setsid sh -c 'sleep 1002 & echo far $! $$; wait' & echo main $$; wait"

    private static func pids(_ emulator: EmulatorFixture, _ pod: ProviderPod) async throws -> [Int] {
        var pids: [Int] = []
        for word in ["child", "main", "far"] {
            let line = try #require(try await emulator.line(of: pod) { $0.hasPrefix("\(word) ") })
            pids += line.split(separator: " ").compactMap { Int($0) }
        }
        return pids
    }

    @Test func `after DELETE nothing of a pod lives, its grandchildren included`() async throws {
        try await EmulatorFixture.run { emulator in
            let pod = try await emulator.buy(Self.family)
            let pids = try await Self.pids(emulator, pod)
            #expect(pids.count == 4 && pids.allSatisfy(isAlive))
            try await emulator.provider.terminate(pod.id)
            #expect(pids.filter(isAlive) == [])
        }
    }

    @Test func `when the emulator ends nothing of its pods lives`() async throws {
        let (found, all) = AsyncStream.makeStream(of: [Int].self)
        try await EmulatorFixture.run { emulator in
            let pod = try await emulator.buy(Self.family)
            let pids = try await Self.pids(emulator, pod)
            #expect(pids.allSatisfy(isAlive))
            all.yield(pids)
        }
        var iterator = found.makeAsyncIterator()
        let pids = try #require(await iterator.next())
        #expect(pids.count == 4 && pids.filter(isAlive) == [])
    }

    @Test func `a main process that exits takes the container with it, and is started again`() async throws {
        try await EmulatorFixture.run(time: EmulatorTime(speed: 20)) { emulator in
            let pod = try await emulator.buy("sleep 1000 & echo child $!; echo run >> runs; cat runs | wc -l; exit 3")
            let child = try #require(try await emulator.line(of: pod) { $0.hasPrefix("child ") })
            let pid = try #require(Int(child.dropFirst(6)))
            let third = try await emulator.line(of: pod) { $0.trimmingCharacters(in: .whitespaces) == "3" }
            #expect(third != nil)
            #expect(!isAlive(pid))
            let system = try await emulator.line(of: pod) { $0 == "container exited with 3" }
            #expect(system != nil)
            let still = try await emulator.provider.pod(pod.id)
            #expect(still?.status == .running)
            let ledger = await emulator.server.ledger()
            #expect(ledger.stillBilling == 1)
        }
    }

    @Test func `uptime counts from the last start`() async throws {
        try await EmulatorFixture.run(time: EmulatorTime(speed: 10)) { emulator in
            let pod = try await emulator.buy(
                "test -e again && exec sleep 1000; touch again; while ! test -e go; do sleep 0.05; done")
            let seen = try await eventually {
                try await emulator.provider.pod(pod.id)?.uptime.flatMap { $0 >= .seconds(50) ? $0 : nil }
            }
            let first = try #require(seen)
            let go = emulator.folder.appendingPathComponent("pods/\(pod.id)/go").path
            #expect(FileManager.default.createFile(atPath: go, contents: nil))
            let second = try await eventually {
                try await emulator.provider.pod(pod.id)?.uptime.flatMap { $0 < first ? $0 : nil }
            }
            #expect(second != nil)
        }
    }

    @Test func `a command that does not exist is told in the log, and bills`() async throws {
        try await EmulatorFixture.run(time: EmulatorTime(speed: 20)) { emulator in
            let pod = try await emulator.buy { $0.entrypoint = ["no-such-program"] }
            let line = try await emulator.line(of: pod) { $0.contains("executable file not found") }
            #expect(line != nil)
            let shown = try await emulator.provider.pod(pod.id)
            #expect(shown?.isUp == false)
            let lines = try await emulator.provider.logs(pod.id, 100)
            #expect(lines.contains { $0.source == .system && $0.text.contains("no-such-program") && $0.time != nil })
        }
    }

    @Test func `a log is followed from any line`() async throws {
        try await EmulatorFixture.run { emulator in
            let pod = try await emulator.buy("echo one; echo two >&2; echo three; sleep 1000")
            _ = try await emulator.line(of: pod) { $0 == "three" }
            let last = try await emulator.provider.logs(pod.id, 2)
            #expect(last.map(\.text) == ["two", "three"] && last.allSatisfy { $0.source == .container })
            let none = await failure { () async throws(ProviderFailure) in try await emulator.provider.logs("absent", 2)
            }
            #expect(none?.kind == .gone)
        }
    }

    @Test func `a pod's own key ends that pod and opens nothing else`() async throws {
        try await EmulatorFixture.run { emulator in
            let pod = try await emulator.buy("echo key $RUNPOD_API_KEY; sleep 1000")
            let other = try await emulator.buy { $0.name = "other" }
            let line = try #require(try await emulator.line(of: pod) { $0.hasPrefix("key ") })
            let key = String(line.dropFirst(4))
            for (method, path) in [
                (HTTPMethod.GET, "/v2/pods"), (.POST, "/v2/pods"), (.GET, "/v2/pods/\(other.id)"),
                (.DELETE, "/v2/pods/\(other.id)"), (.GET, "/v2/account/secrets"), (.GET, "/v2/billing/pods"),
            ] {
                let answer = try await emulator.send(method, path, method == .POST ? "{}" : nil, key: key)
                #expect(answer.status == 403, "\(method) \(path)")
            }
            let own = try await emulator.send(.GET, "/v2/pods/\(pod.id)", key: key)
            #expect(own.status == 200)
            let end = try await emulator.send(.DELETE, "/v2/pods/\(pod.id)", key: key)
            #expect(end.status == 204 && end.text.isEmpty)
            let after = try await emulator.send(.GET, "/v2/pods/\(pod.id)", key: key)
            #expect(after.status == 401)
        }
    }

    @Test func `accounts do not see one another's pods`() async throws {
        try await EmulatorFixture.run {
            $0.accounts = ["emulator-key": "alice", "second-key": "alice", "bob-key": "bob"]
        } body: { emulator in
            let pod = try await emulator.buy()
            let same = try await emulator.send(.GET, "/v2/pods/\(pod.id)", key: "second-key")
            #expect(same.status == 200)
            let foreign = try await emulator.send(.GET, "/v2/pods/\(pod.id)", key: "bob-key")
            #expect(foreign.status == 404)
            let list = try await emulator.send(.GET, "/v2/pods", key: "bob-key")
            #expect(list.text == #"{"pagination":{"hasNextPage":false,"nextCursor":null},"pods":[]}"#)
            let end = try await emulator.send(.DELETE, "/v2/pods/\(pod.id)", key: "bob-key")
            #expect(end.status == 404)
        }
    }

    @Test func `a stopped pod bills nothing and starts again`() async throws {
        try await EmulatorFixture.run { emulator in
            let pod = try await emulator.buy("echo $$; sleep 1000")
            let line = try #require(try await emulator.line(of: pod) { Int($0) != nil })
            let stopped = try await emulator.send(.POST, "/v2/pods/\(pod.id)/action", #"{"action":"stop"}"#)
            #expect(stopped.status == 200 && stopped.text.contains(#""status":"EXITED""#))
            #expect(!isAlive(Int(line) ?? 0))
            var ledger = await emulator.server.ledger()
            #expect(ledger.stillBilling == 0)
            let wrong = try await emulator.send(.POST, "/v2/pods/\(pod.id)/action", #"{"action":"stop"}"#)
            #expect(wrong.status == 409)
            let started = try await emulator.send(.POST, "/v2/pods/\(pod.id)/action", #"{"action":"start"}"#)
            #expect(started.status == 200)
            ledger = await emulator.server.ledger()
            #expect(ledger.stillBilling == 1)
            let end = try await emulator.send(.POST, "/v2/pods/\(pod.id)/action", #"{"action":"terminate"}"#)
            #expect(end.status == 204)
        }
    }
}
