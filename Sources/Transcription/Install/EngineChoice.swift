package import CastCore
import Foundation

/// Which engine serves a model on this machine.
///
/// The backend follows the model's name. Whisper has one engine. Parakeet has two: NeMo, where it is installed and there
/// is a GPU, else onnx-asr. `CAST2MD_ENGINE` names one in spite of that.
package struct EngineChoice: Sendable {
    package var hasGPU: Bool
    package var installed: Set<EngineInstaller.Engine>
    /// What `CAST2MD_ENGINE` says.
    package var forced: EngineInstaller.Engine?

    package init(hasGPU: Bool, installed: Set<EngineInstaller.Engine>, forced: EngineInstaller.Engine? = nil) {
        self.hasGPU = hasGPU
        self.installed = installed
        self.forced = forced
    }

    /// What is so on this machine.
    ///
    /// - Throws: `.invalid` for a `CAST2MD_ENGINE` that is none.
    package init(home: HomeFolder, environment: [String: String]) throws {
        self.hasGPU = Self.hasGPU
        self.installed = Set(
            EngineInstaller.Engine.allCases.filter {
                (try? EngineInstaller($0, home: home, environment: environment).find()) != nil
            })
        self.forced = try environment["CAST2MD_ENGINE"].flatMap { name in
            try name.isEmpty ? nil : EngineInstaller.engine(name)
        }
    }

    /// A card of NVIDIA's with its driver: the only kind that these engines compute on.
    package static var hasGPU: Bool {
        ["/dev/nvidiactl", "/dev/dxg"].contains { FileManager.default.fileExists(atPath: $0) }
    }

    /// The form of a model that is recognised with here.
    ///
    /// - Throws: `.notFound` for a model that no engine can serve, `.invalid` when the engine that was named cannot, and
    ///   `.unavailable` when the engine is not installed: with the models that can be served, and the command that
    ///   installs what is missing.
    package func form(of name: String) throws -> Model {
        let model = try self.preferred(name)
        guard self.installed.contains(model.engine) else {
            var served: [String] = []
            for model in ModelCatalog.models where self.installed.contains(model.engine) && !served.contains(model.name)
            {
                served.append(model.name)
            }
            let others =
                served.isEmpty
                ? "No engine is installed." : "The engines that are can serve: \(served.joined(separator: ", "))."
            throw CastError(
                .unavailable,
                "The model \(name) needs the engine \(model.engine.rawValue), which is not installed. \(others) "
                    + "Run: cast2md engine install \(model.engine.rawValue)")
        }
        return model
    }

    /// The form that is or would be used, whether its engine is installed or not: what to install, and what to fetch.
    package func preferred(_ name: String) throws -> Model {
        let forms = try ModelCatalog.forms(of: name)
        if let forced = self.forced {
            guard let form = forms.first(where: { $0.engine == forced }) else {
                // An engine that was named for one backend says nothing about the models of another.
                guard forms.allSatisfy({ $0.backend != forced.backend }) else {
                    throw CastError(.invalid, "The engine \(forced.rawValue) cannot serve the model \(name).")
                }
                return forms[0]
            }
            return form
        }
        guard forms.count > 1 else { return forms[0] }
        let suited = forms.first { $0.engine == (self.hasGPU ? .nemo : .onnxASR) } ?? forms[0]
        if self.installed.contains(suited.engine) { return suited }
        // A GPU without NeMo: slow is better than nothing, if it is there.
        return forms.first { $0.engine == .onnxASR && self.installed.contains(.onnxASR) } ?? suited
    }
}
