import CastCore
import CastTestSupport
import Foundation
import Synchronization
import Testing
import Transcription

/// With a Python that only says that it did something; the real one installs the engine of the tests with real speech.
@Suite(.timeLimit(.minutes(1)))
struct EngineInstallerTests {
    private struct Place: Sendable {
        var folder: URL
        var installer: EngineInstaller

        var engines: URL { self.folder.appending(path: "home/engines") }
        /// The commands that Python got.
        var commands: [String] {
            let text = try? String(contentsOf: self.folder.appending(path: "log"), encoding: .utf8)
            return (text ?? "").split(separator: "\n").map(String.init)
        }
        func setFailure(_ isOn: Bool) throws {
            let file = self.folder.appending(path: "fail")
            if isOn { try Data().write(to: file) } else { try FileManager.default.removeItem(at: file) }
        }
        var environments: [String] {
            get throws {
                try FileManager.default.contentsOfDirectory(atPath: self.engines.path)
                    .filter { $0.hasPrefix("faster-whisper-") }
            }
        }
    }

    private func withInstaller(_ body: (Place) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let python = folder.appending(path: "python").path
            let script = """
                #!/bin/sh
                echo "$1 $2" >> '\(folder.path)/log'
                case "$1 $2" in
                "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
                "-m pip")
                    echo "Collecting numpy==2.4.6 (from -r constraints.txt)"
                    if [ -e '\(folder.path)/fail' ]; then echo "ERROR: no such package" >&2; exit 1; fi ;;
                esac
                """
            try Data(script.utf8).write(to: URL(filePath: python))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python)
            try await body(
                Place(
                    folder: folder,
                    installer: EngineInstaller(
                        .fasterWhisper, home: HomeFolder(path: folder.appending(path: "home").path),
                        environment: ["CAST2MD_PYTHON": python])))
        }
    }

    @Test func `an engine that is not installed is an error that says how to`() async throws {
        try await self.withInstaller { place in
            let error = #expect(throws: CastError.self) { try place.installer.find() }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("cast2md engine install faster-whisper") == true)
        }
    }

    @Test func `installing shows what happens, and doing it again does nothing`() async throws {
        try await self.withInstaller { place in
            let lines = Mutex<[String]>([])
            let installed = try await place.installer.install { line in lines.withLock { $0.append(line) } }
            #expect(lines.withLock { $0 }.contains("Fetching numpy 2.4.6"))
            #expect(place.commands.map { $0.prefix(6) } == ["-c imp", "-m ven", "-m pip"])
            #expect(FileManager.default.isExecutableFile(atPath: installed.python))
            #expect(FileManager.default.fileExists(atPath: installed.scripts + "/helper.py"))
            #expect(FileManager.default.fileExists(atPath: installed.scripts + "/\(installed.module).py"))
            #expect(try await place.installer.install { _ in } == installed)
            #expect(place.commands.count == 3)
            #expect(try place.installer.find() == installed)
        }
    }

    @Test func `an installation that fails leaves nothing, says why, and can be repeated`() async throws {
        try await self.withInstaller { place in
            try place.setFailure(true)
            let error = await #expect(throws: CastError.self) { try await place.installer.install { _ in } }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("no such package") == true)
            #expect(try place.environments.isEmpty)
            try place.setFailure(false)
            _ = try await place.installer.install { _ in }
        }
    }

    @Test func `a broken environment is made anew, and what is old or half made goes`() async throws {
        try await self.withInstaller { place in
            let installed = try await place.installer.install { _ in }
            try FileManager.default.removeItem(atPath: installed.python)
            for name in ["faster-whisper-0ld", "faster-whisper-0ld.1234.part"] {
                try FileManager.default.createDirectory(
                    at: place.engines.appending(path: name), withIntermediateDirectories: true)
            }
            #expect(throws: CastError.self) { try place.installer.find() }
            #expect(try await place.installer.install { _ in } == installed)
            #expect(try place.environments.count == 1)
        }
    }

    @Test func `the helper's files are put right when somebody changed them`() async throws {
        try await self.withInstaller { place in
            let installed = try await place.installer.install { _ in }
            let helper = URL(filePath: installed.scripts + "/helper.py")
            let before = try Data(contentsOf: helper)
            try Data("import os".utf8).write(to: helper)
            _ = try place.installer.find()
            #expect(try Data(contentsOf: helper) == before)
        }
    }

    @Test func `two that install at once make one environment`() async throws {
        try await self.withInstaller { place in
            async let one = place.installer.install { _ in }
            async let two = place.installer.install { _ in }
            let installed = try await [one, two]
            #expect(installed[0] == installed[1])
            #expect(place.commands.count { $0 == "-m venv" } == 1)
        }
    }

    @Test func `without a Python it says what to install`() async throws {
        try await withTemporaryFolder { folder in
            let installer = EngineInstaller(
                .fasterWhisper, home: HomeFolder(path: folder.path),
                environment: ["CAST2MD_PYTHON": "/nowhere/python3"])
            let error = await #expect(throws: CastError.self) { try await installer.install { _ in } }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("python3-venv") == true)
        }
    }
}
