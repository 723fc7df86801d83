import CastCore
import CastNode
import Foundation
import Transcription

/// What recognises speech: the engine's environment and the models.
enum SpeechCheck {
    static func findings(_ world: DoctorWorld, node: NodeCredentials?) async -> [Finding] {
        let environment = world.environment.values
        let name = Variables(environment).text("WHISPER_MODEL") ?? node?.model ?? "base"
        let store = ModelStore(home: world.home, environment: environment)
        let here = ModelCatalog.models.filter { store.isInstalled($0) }
        let engines = EngineInstaller.Engine.allCases.map { engine in
            (engine, Result { try EngineInstaller(engine, home: world.home, environment: environment).find() })
        }
        guard node != nil || !here.isEmpty || engines.contains(where: { (try? $0.1.get()) != nil }) else {
            return [.ok(.engine, "No recogniser is installed; only a machine that is a node needs one.")]
        }
        var findings: [Finding] = []
        let model: Model
        do {
            model = try EngineChoice(home: world.home, environment: environment).preferred(name)
        } catch let error as CastError where error.code == .notFound && (try? ModelCatalog.model(name)) == nil {
            findings.append(
                .problem(
                    .models, "No engine can serve the model \(name).",
                    mend: "Choose one of those that cast2md models list names."))
            return findings
        } catch {
            findings.append(.failed(.engine, error, mend: "Name one of those that cast2md engine status lists."))
            return findings
        }
        if let (engine, found) = engines.first(where: { $0.0 == model.engine }) {
            findings.append(await Self.engine(engine, found))
        }
        // Another model that is here may be damaged without harm to the one that is used.
        for other in here + (here.contains(model) ? [] : [model]) {
            findings.append(Self.model(other, store, isUsed: other == model))
        }
        return findings
    }

    private static func engine(
        _ engine: EngineInstaller.Engine, _ found: Result<EngineInstaller.Installed, any Error>
    ) async -> Finding {
        let mend = "cast2md engine install \(engine.rawValue)"
        do {
            let installed = try found.get()
            let code = "import sys; sys.path.insert(0, sys.argv[1]); __import__(sys.argv[2])"
            let outcome = try await ChildRun.run(installed.python, ["-c", code, installed.scripts, installed.module])
            guard outcome.status == 0 else {
                return .problem(
                    .engine, "The engine \(engine.rawValue) does not load: \(outcome.complaint)",
                    mend: "Remove its folder below ~/.cast2md/engines, then: \(mend)")
            }
            return .ok(.engine, "The engine \(engine.rawValue) is installed and loads.")
        } catch {
            return .failed(.engine, error, mend: mend)
        }
    }

    private static func model(_ model: Model, _ store: ModelStore, isUsed: Bool) -> Finding {
        do {
            _ = try store.path(of: model)
            return .ok(.models, "The model \(model.name) is here, and its digests are right.")
        } catch {
            let sentence = (error as? CastError)?.message ?? "The model \(model.name) cannot be read: \(error)."
            let mend = model.fetchCommand
            return isUsed
                ? .problem(.models, sentence, mend: mend) : .warning(.models, sentence, mend: mend)
        }
    }
}
