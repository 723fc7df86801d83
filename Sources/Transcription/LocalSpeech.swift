package import CastCore
package import Logging
package import ServiceLifecycle

/// Everything that recognising on this machine takes: the engine's process, and the pipeline in front of it.
package struct LocalSpeech: Sendable {
    package let pipeline: SpeechPipeline
    /// Has to run while the pipeline is used.
    package let engine: any Service

    /// - Throws: `.notFound` for a model that no engine can serve, `.unavailable` that says which command installs what
    ///   is missing.
    package init(
        model name: String, home: HomeFolder, environment: [String: String], logger: Logger,
        makeCutter: @escaping @Sendable () -> any Cutting = { SpeechCutter() }
    ) throws {
        let model = try EngineChoice(home: home, environment: environment).form(of: name)
        let installed = try EngineInstaller(model.engine, home: home, environment: environment).find()
        let path = try ModelStore(home: home, environment: environment).path(of: model)
        var options = HelperEngine.Options(
            python: installed.python, scripts: installed.scripts, module: installed.module, model: path)
        options.memory = MemoryBook(path: home.path + "/engine-memory.json")
        let engine = HelperEngine(options: options, logger: logger)
        self.engine = engine
        self.pipeline = SpeechPipeline(
            model: name, engine: engine, settings: try PipelineSettings(environment: environment),
            makeCutter: makeCutter)
    }

    /// Runs a body with the engine beside it, and stops the engine afterwards.
    package func run<Result: Sendable>(_ body: @escaping @Sendable (SpeechPipeline) async throws -> Result) async throws
        -> Result
    {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await self.engine.run()
                return nil
            }
            group.addTask { try await body(self.pipeline) }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CastError(.engineFailed, "The recogniser ended.")
        }
    }
}
