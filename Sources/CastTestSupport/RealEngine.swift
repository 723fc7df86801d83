package import CastCore
import Foundation
import Logging
package import Transcription

/// The real engine and the real model, in the folder that demo, tests and benchmarks share.
package enum RealEngine {
    package static let cache = TestCache.path

    package static let home = HomeFolder(path: cache + "/home")

    /// Whether there is a Python that the engine could be installed with; without one these tests cannot run.
    package static func isPossible() async -> Bool {
        let outcome = try? await ProgramRunner.run("python3", ["-c", "import venv, ensurepip"])
        return outcome?.isSuccess == true
    }

    /// Installs what is missing: once, then it is seen at once.
    package static func install() async throws {
        let environment = ProcessInfo.processInfo.environment
        let installed = try await EngineInstaller(.fasterWhisper, home: self.home, environment: environment)
            .install { _ in }
        let store = ModelStore(home: self.home, environment: environment)
        _ = try await store.fetch(try ModelCatalog.model("base"), from: .anywhere, python: installed.python) { _ in }
    }

    /// Installs what is missing, and runs a body with the recogniser.
    package static func run<Result: Sendable>(
        makeCutter: @escaping @Sendable () -> any Cutting = { SpeechCutter() },
        _ body: @escaping @Sendable (SpeechPipeline) async throws -> Result
    ) async throws -> Result {
        try await self.install()
        let environment = ProcessInfo.processInfo.environment
        let speech = try LocalSpeech(
            model: "base", home: self.home, environment: environment,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, makeCutter: makeCutter)
        return try await speech.run(body)
    }
}
