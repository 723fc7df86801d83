import CastCore
import CastTestSupport
import Foundation
import RunPodEmulator
import Testing

/// RunPod's own client cannot tell the emulator from RunPod.
@Suite(.timeLimit(.minutes(10)))
struct PythonPackageTests {
    @Test(.enabled("python3 with venv is missing") { try await PythonPackage.isPossible() })
    func `RunPod's Python package rents, reads and ends a pod`() async throws {
        let python = try await PythonPackage.install()
        try await EmulatorFixture.run { emulator in
            let output = try await PythonPackage.run(
                python, [PythonPackage.script("use_runpod.py"), emulator.base.absoluteString, "emulator-key"],
                environment: ["RUNPOD_API_BASE_URL": emulator.base.absoluteString])
            let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("SEEN ") }, "\(output)")
            let seen = try JSONDecoder().decode(Seen.self, from: Data(line.dropFirst(5).utf8))
            #expect(seen.version == PythonPackage.version)
            #expect(seen.gpus.contains("NVIDIA L4") && seen.gpus.contains("NVIDIA GeForce RTX 4090"))
            #expect(
                seen.gpu == Seen.GPU(displayName: "RTX A5000", memoryInGb: 24, securePrice: 0.27, communityPrice: 0.22))
            #expect(seen.lowest == 0.22)
            #expect(seen.made == ["env", "id", "imageName", "machine", "machineId"] && seen.machine == ["podHostId"])
            #expect(
                seen.listed == [
                    [.bool(true), .string("sdk-1"), .string("RUNNING"), .array([.string("INSTANCE_ID=a3f2")])]
                ])
            #expect(
                seen.one == [
                    .string("sdk-1"), .double(0.22), .string("ghcr.io/example/afterburner:1"), .string("RTX A5000"),
                    .string("sleep 1000"),
                ])
            #expect(seen.after == [.array([]), .null])
            #expect(
                seen.capacity == "There are no longer any instances available with the requested specifications. "
                    + "Please refresh and try again.")
            #expect(seen.absent == "No GPU found" && seen.unauthorized == "AuthenticationError")
            let ledger = await emulator.server.ledger()
            #expect(ledger.rows.map(\.name) == ["sdk-1"] && ledger.stillBilling == 0)
        }
    }

    private struct Seen: Decodable {
        struct GPU: Decodable, Equatable {
            var displayName: String
            var memoryInGb: Int
            var securePrice: Double
            var communityPrice: Double
        }

        var version: String
        var gpus: [String]
        var gpu: GPU
        var lowest: Double
        var made: [String]
        var machine: [String]
        var listed: [[JSONValue]]
        var one: [JSONValue]
        var after: [JSONValue]
        var capacity: String?
        var absent: String?
        var unauthorized: String?
    }
}

/// RunPod's package in an environment of its own, installed once.
private enum PythonPackage {
    static let version = "1.12.0"

    static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Scripts/\(name)").path
    }

    static func isPossible() async throws -> Bool {
        (try? await Self.run("python3", ["-c", "import venv, ensurepip"])) != nil
    }

    /// - Returns: The Python that has the package.
    static func install() async throws -> String {
        let folder = "\(TestCache.path)/runpod-\(Self.version)"
        let python = "\(folder)/bin/python"
        let mark = "\(folder)/installed"
        if FileManager.default.fileExists(atPath: mark) { return python }
        // An installation that was broken off starts anew.
        try? FileManager.default.removeItem(atPath: folder)
        _ = try await Self.run("python3", ["-m", "venv", folder])
        _ = try await Self.run(
            python,
            [
                "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint",
                Self.script("constraints.txt"), "runpod==\(Self.version)",
            ])
        guard FileManager.default.createFile(atPath: mark, contents: nil) else {
            throw CastError(.storageFull, "\(mark) cannot be written.")
        }
        return python
    }

    /// - Returns: What it printed.
    /// - Throws: When it fails, with all that it said.
    static func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) async throws
        -> String
    {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("output")
            _ = FileManager.default.createFile(atPath: file.path, contents: nil)
            let handle = try FileHandle(forWritingTo: file)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [program] + arguments
            // A home of its own: the package reads a configuration file there.
            process.environment = ProcessInfo.processInfo.environment.merging(["HOME": folder.path]) { $1 }
                .merging(environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = handle
            process.standardError = handle
            let status = try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Int32, any Error>) in
                process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
                do { try process.run() } catch { continuation.resume(throwing: error) }
            }
            let output = try String(contentsOf: file, encoding: .utf8)
            guard status == 0 else { throw CastError(.unavailable, "\(program) ended with \(status): \(output)") }
            return output
        }
    }
}
