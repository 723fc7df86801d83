import CastCore
import Foundation
import HumanSpeech
import Logging
import Transcription

/// The real engine and the real model, in the folder that demo, tests and benchmarks share.
enum RealEngine {
    /// `CAST2MD_TEST_CACHE`, else `.cache` in the package.
    static let cache: String = {
        if let path = ProcessInfo.processInfo.environment["CAST2MD_TEST_CACHE"], !path.isEmpty { return path }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".cache").path
    }()

    static let home = HomeFolder(path: cache + "/home")

    /// Whether there is a Python that the engine could be installed with; without one these tests cannot run.
    static func isPossible() async -> Bool {
        let outcome = try? await ProgramRunner.run("python3", ["-c", "import venv, ensurepip"])
        return outcome?.isSuccess == true
    }

    /// Installs what is missing, and runs a body with the recogniser.
    static func run<Result: Sendable>(
        makeCutter: @escaping @Sendable () -> any Cutting = { SpeechCutter() },
        _ body: @escaping @Sendable (SpeechPipeline) async throws -> Result
    ) async throws -> Result {
        let environment = ProcessInfo.processInfo.environment
        let installer = EngineInstaller(.fasterWhisper, home: self.home, environment: environment)
        let installed = try await installer.install { _ in }
        let store = ModelStore(home: self.home, environment: environment)
        _ = try await store.fetch(try ModelCatalog.model("base"), from: .anywhere, python: installed.python) { _ in }
        let speech = try LocalSpeech(
            model: "base", home: self.home, environment: environment,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, makeCutter: makeCutter)
        return try await speech.run(body)
    }
}
