import CastCore
import CastTestSupport
import Foundation
import Logging
import PodFleet
import ServiceLifecycle
import Testing

@Suite(.timeLimit(.minutes(2))) struct LocalProviderTests {
    static let request = PodRequest(
        name: "cast2md-afterburner-a3f2", image: "none", gpu: LocalProvider.gpu, cloud: .community,
        environment: ["CAST2MD_SERVER_ID": "me", "SETUP_TOKEN": "token"])

    static func with<Result>(
        _ script: String, environment: [String: String] = ["PATH": "/usr/bin:/bin"],
        _ body: (LocalProvider, String) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryFolder { folder in
            let path = folder.path
            let local = LocalProvider(
                LocalProvider.Options(
                    folder: "\(path)/pods", program: "/bin/true", home: HomeFolder(path: "\(path)/home"),
                    environment: environment, command: ["/bin/sh", "-c", script]),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let group = ServiceGroup(
                configuration: .init(
                    services: [.init(service: local)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
            async let running: Void = group.run()
            do {
                let result = try await body(local, path)
                await group.triggerGracefulShutdown()
                try await running
                return result
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
        }
    }

    /// Whether a process runs; one that has ended and was not reaped yet does not.
    static func isAlive(_ pid: String) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return stat.split(separator: ")").last?.hasPrefix(" Z") == false
    }

    /// The ids of the two processes that the script writes down.
    static func pids(_ path: String, _ pod: PodID) async throws -> [String] {
        try #require(
            try await eventually(within: .seconds(20)) {
                let text = (try? String(contentsOfFile: "\(path)/pods/\(pod)/pids", encoding: .utf8)) ?? ""
                let pids = text.split(separator: "\n").map(String.init)
                return pids.count == 2 ? pids : nil
            })
    }

    static let twoProcesses = """
        sleep 600 & printf '%s\\n%s\\n' $$ $! > pids.new && mv pids.new pids; env > variables; echo started; wait
        """

    @Test func `a pod is a process group that a terminate ends, all of it`() async throws {
        try await Self.with(
            Self.twoProcesses, environment: ["PATH": "/usr/bin:/bin", "RUNPOD_API_KEY": "secret", "HF_TOKEN": "secret"]
        ) {
            local, path in
            let provider = local.provider
            let pod = try await provider.create(Self.request)
            let pids = try await Self.pids(path, pod.id)
            #expect(try await provider.pod(pod.id)?.isUp == true)
            #expect(try await provider.find(Self.request.name).map(\.id) == [pod.id])
            #expect(try await provider.list(InstanceID.podPrefix).pods.first?.environment["CAST2MD_SERVER_ID"] == "me")
            let lines = try await eventually { try await provider.logs(pod.id, 10).first?.text }
            #expect(lines == "started")
            let variables = try String(contentsOfFile: "\(path)/pods/\(pod.id)/variables", encoding: .utf8)
            #expect(!variables.contains("secret"))
            #expect(variables.contains("CAST2MD_HOME=\(path)/pods/\(pod.id)\n"))
            try await provider.terminate(pod.id)
            let isGone = try await eventually { try await provider.pod(pod.id) == nil ? true : nil }
            #expect(isGone == true)
            for pid in pids { #expect(!Self.isAlive(pid)) }
            #expect(!FileManager.default.fileExists(atPath: "\(path)/pods/\(pod.id)"))
            #expect(try await provider.billing(.distantPast, .distantFuture).map(\.pod) == [pod.id])
        }
    }

    @Test func `a pod that fails is shown as failed until it is ended`() async throws {
        try await Self.with("echo broken; exit 3") { local, _ in
            let provider = local.provider
            let pod = try await provider.create(Self.request)
            let isFailed = try await eventually { try await provider.pod(pod.id)?.status == .failed ? true : nil }
            #expect(isFailed == true)
            #expect(try await provider.logs(pod.id, 1).map(\.text) == ["broken"])
            try await provider.terminate(pod.id)
            #expect(try await provider.pod(pod.id) == nil)
        }
    }

    @Test func `a pod that leaves by itself is gone`() async throws {
        try await Self.with("exit 0") { local, _ in
            let provider = local.provider
            let pod = try await provider.create(Self.request)
            let isGone = try await eventually { try await provider.pod(pod.id) == nil ? true : nil }
            #expect(isGone == true)
        }
    }

    @Test func `the service's end takes its pods along`() async throws {
        let pids = try await Self.with(Self.twoProcesses) { local, path in
            let pod = try await local.provider.create(Self.request)
            return try await Self.pids(path, pod.id)
        }
        for pid in pids { #expect(!Self.isAlive(pid)) }
    }
}
