package import CastCore
import Foundation
import Subprocess

/// Makes an engine's own Python environment, from pinned versions with digests.
package struct EngineInstaller: Sendable {
    /// An engine that can be installed.
    package enum Engine: String, Sendable, CaseIterable {
        case fasterWhisper = "faster-whisper"
        /// Parakeet on a GPU.
        case nemo
        /// Parakeet on processors.
        case onnxASR = "onnx-asr"

        var constraints: String { "\(self.rawValue).txt" }
        package var module: String {
            switch self {
            case .fasterWhisper: "engine_faster_whisper"
            case .nemo: "engine_nemo"
            case .onnxASR: "engine_onnx_asr"
            }
        }
        /// What installing it costs on disk, for the person who is asked to wait.
        package var size: String {
            switch self {
            case .fasterWhisper: "about 450 MB"
            case .nemo: "several GB, most of it CUDA"
            case .onnxASR: "about 150 MB"
            }
        }
        /// The first Python after those that its packages are there for.
        var pythonLimit: Int? { self == .nemo ? 13 : nil }
        package var backend: Backend {
            switch self {
            case .fasterWhisper: .whisper
            case .nemo, .onnxASR: .parakeet
            }
        }
    }

    /// Where an installed engine is.
    package struct Installed: Sendable, Equatable {
        package var python: String
        package var scripts: String
        package var module: String
    }

    package let engine: Engine
    private let home: HomeFolder
    private let environment: [String: String]

    package init(_ engine: Engine, home: HomeFolder, environment: [String: String]) {
        self.engine = engine
        self.home = home
        self.environment = environment
    }

    /// - Throws: `.notFound` with the engines that there are.
    package static func engine(_ name: String) throws -> Engine {
        guard let engine = Engine(rawValue: name) else {
            let known = Engine.allCases.map(\.rawValue).joined(separator: ", ")
            throw CastError(.notFound, "There is no engine “\(name)”. Known: \(known).")
        }
        return engine
    }

    /// The engine, if it is there in the version that this program wants.
    ///
    /// - Throws: `.unavailable` that says which command installs it.
    package func find() throws -> Installed {
        let folder = try self.folder()
        guard FileManager.default.fileExists(atPath: folder + "/complete"),
            FileManager.default.isExecutableFile(atPath: folder + "/bin/python")
        else {
            throw CastError(
                .unavailable,
                "The engine \(self.engine.rawValue) is not installed. Run: cast2md engine install \(self.engine.rawValue)"
            )
        }
        return Installed(python: folder + "/bin/python", scripts: try self.scripts(), module: self.engine.module)
    }

    /// Installs the engine; when it is there already, that is seen at once.
    ///
    /// The environment is made in a folder of its own and renamed when it is whole: a break leaves nothing that looks
    /// installed, and the next call starts anew.
    package func install(onProgress: @escaping @Sendable (String) -> Void) async throws -> Installed {
        if let installed = try? self.find() { return installed }
        let folder = try self.folder()
        let files = FileManager.default
        try files.createDirectory(atPath: self.home.enginesPath, withIntermediateDirectories: true)
        let lock = try await FileLock.take("\(self.home.enginesPath)/\(self.engine.rawValue).lock") {
            onProgress("Waiting for another installation to finish")
        }
        defer { withExtendedLifetime(lock) {} }
        if let installed = try? self.find() { return installed }
        // Nobody else is at it: what is there half made was left by a break.
        self.remove { $0.hasSuffix(".part") }
        let temporary = "\(folder).\(UUID().uuidString.prefix(8)).part"
        defer { try? files.removeItem(atPath: temporary) }

        let python = try await self.findPython()
        onProgress("Making an environment with \(python)")
        let made = try await ProgramRunner.run(python, ["-m", "venv", temporary])
        guard made.isSuccess else {
            throw CastError(.unavailable, "The environment cannot be made: \(made.complaint)")
        }
        let constraints = temporary + "/constraints.txt"
        try EmbeddedFile(self.engine.constraints).bytes.write(to: URL(fileURLWithPath: constraints))
        let installed = try await ProgramRunner.run(
            temporary + "/bin/python",
            [
                "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off",
                "--only-binary", ":all:", "--require-hashes", "-r", constraints,
            ],
            environment: ["PIP_ROOT_USER_ACTION": "ignore"]
        ) { line in
            if let word = Self.progress(in: line) { onProgress(word) }
        }
        guard installed.isSuccess else {
            throw CastError(.unavailable, "The engine's packages cannot be installed: \(installed.complaint)")
        }
        try Data().write(to: URL(fileURLWithPath: temporary + "/complete"))
        try? files.removeItem(atPath: folder)
        try files.moveItem(atPath: temporary, toPath: folder)
        // Environments of earlier versions of the program are of no use any more.
        self.remove { "\(self.home.enginesPath)/\($0)" != folder }
        return try self.find()
    }

    private func folder() throws -> String {
        let digest = EmbeddedFile.digest(of: [try EmbeddedFile(self.engine.constraints)])
        return "\(self.home.enginesPath)/\(self.engine.rawValue)-\(digest)"
    }

    /// Writes the helper's files, unless they are there; named by their content, so that versions live side by side.
    private func scripts() throws -> String {
        let files = try ["helper.py", "\(self.engine.module).py"].map(EmbeddedFile.init)
        let folder = "\(self.home.enginesPath)/scripts-\(EmbeddedFile.digest(of: files))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for file in files {
            let url = URL(fileURLWithPath: "\(folder)/\(file.name)")
            if (try? Data(contentsOf: url)) != file.bytes { try file.bytes.write(to: url, options: .atomic) }
        }
        return folder
    }

    /// Removes those of this engine's environments that a condition on their names holds for.
    private func remove(where isUseless: (String) -> Bool) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.home.enginesPath)) ?? []
        for name in names where name.hasPrefix("\(self.engine.rawValue)-") && isUseless(name) {
            try? FileManager.default.removeItem(atPath: "\(self.home.enginesPath)/\(name)")
        }
    }

    /// A Python that is new enough and can make environments.
    private func findPython() async throws -> String {
        let limit = self.engine.pythonLimit
        let check =
            "import sys, venv, ensurepip; raise SystemExit(not (3, 10) <= sys.version_info < (3, \(limit ?? 99)))"
        var candidates = ["python3", "/usr/bin/python3", "python3.13", "python3.12", "python3.11", "python3.10"]
        if let chosen = self.environment["CAST2MD_PYTHON"], !chosen.isEmpty { candidates = [chosen] }
        for candidate in candidates {
            do {
                if try await ProgramRunner.run(candidate, ["-c", check]).isSuccess { return candidate }
            } catch is SubprocessError {
                continue
            }
        }
        throw CastError(
            .unavailable,
            "No Python 3.10 \(limit.map { "to 3.\($0 - 1)" } ?? "or newer") with venv was found (looked for \(candidates.joined(separator: ", "))). "
                + "Install it (apt-get install python3 python3-venv), or name one in CAST2MD_PYTHON.")
    }

    /// What is worth showing of pip's lines.
    static func progress(in line: String) -> String? {
        if let match = line.prefixMatch(of: #/Collecting ([^ =]+)==([^ ;]+)/#) {
            return "Fetching \(match.1) \(match.2)"
        }
        if line.hasPrefix("Installing collected packages") { return "Installing" }
        return nil
    }
}
