package import CastCore

/// A model that this program knows how to get and to run.
package struct Model: Sendable, Equatable {
    /// A file of a model, and how it can be recognised.
    package struct File: Sendable, Equatable {
        package var name: String
        /// Nil where nobody has pinned it: then the first fetch does.
        package var sha256: String?

        package init(name: String, sha256: String? = nil) {
            self.name = name
            self.sha256 = sha256
        }
    }

    /// The id, as in `WHISPER_MODEL`.
    package var name: String
    package var backend: Backend
    package var engine: EngineInstaller.Engine
    /// On the model hub.
    package var repository: String
    /// A commit of the repository; its files never change.
    package var revision: String
    package var files: [File]
    /// Megabytes, roughly.
    package var size: Int
    /// Its folder among the models; a model in two forms has two.
    package var folder: String
    /// Whether two packages of the Python index carry it as well, for machines that reach no hub.
    package var hasMirror = false

    /// What a person types to get it.
    package var fetchCommand: String {
        let isOneOfSeveral = ModelCatalog.models.count { $0.name == self.name } > 1
        return "cast2md models fetch \(self.name)" + (isOneOfSeveral ? " --engine \(self.engine.rawValue)" : "")
    }

    package init(
        name: String, backend: Backend, engine: EngineInstaller.Engine, repository: String, revision: String,
        files: [File], size: Int, folder: String? = nil
    ) {
        self.name = name
        self.backend = backend
        self.engine = engine
        self.repository = repository
        self.revision = revision
        self.files = files
        self.size = size
        self.folder = folder ?? name
    }
}

/// The models, by name.
///
/// Revisions and digests are those of the hub's repositories (commit ids and LFS digests) as they are pinned in public
/// projects; looked up on 2026-11-24. Where no project pins a file's digest, the first fetch does.
package enum ModelCatalog {
    package static let models: [Model] = [
        Self.whisper("tiny", revision: "d90ca5fe260221311c53c58e660288d3deb8d356", size: 76),
        Self.base,
        Self.whisper(
            "small", revision: "536b0662742c02347bc0e980a01041f333bce120", size: 484,
            digest: "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
        Self.whisper("medium", revision: "08e178d48790749d25932bbc082711ddcfdfbc4f", size: 1528),
        Self.whisper("large-v2", revision: "f0fe81560cb8b68660e564f55dd99207059c092e", size: 3087),
        Self.whisper(
            "large-v3", revision: "edaa852ec7e145841d8ffdb056a99866b5f0a478", size: 3087,
            digest: "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1",
            vocabulary: "vocabulary.json", hasPreprocessor: true),
        Self.whisper(
            "large-v3-turbo", repository: "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
            revision: "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf", size: 1618,
            digest: "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da",
            vocabulary: "vocabulary.json", hasPreprocessor: true),
        Self.parakeet, Self.parakeetONNX,
    ]

    /// A model in every form that there is: the same weights for different engines.
    ///
    /// - Throws: `.notFound` with the names that there are.
    package static func forms(of name: String) throws -> [Model] {
        let forms = Self.models.filter { $0.name == name }
        guard !forms.isEmpty else {
            var known: [String] = []
            for model in Self.models where !known.contains(model.name) { known.append(model.name) }
            throw CastError(
                .notFound,
                "No engine can serve the model “\(name)”. Known models: \(known.joined(separator: ", ")).")
        }
        return forms
    }

    /// A model in its first form: for everything that does not depend on the form.
    ///
    /// - Throws: `.notFound` with the names that there are.
    package static func model(_ name: String) throws -> Model { try Self.forms(of: name)[0] }

    /// As NVIDIA publishes it, for NeMo.
    private static let parakeet = Model(
        name: "parakeet-tdt-0.6b-v3", backend: .parakeet, engine: .nemo, repository: "nvidia/parakeet-tdt-0.6b-v3",
        revision: "541d1f99c6b0c3cd0b11a95167540bb8edefd82b",
        files: [
            .init(
                name: "parakeet-tdt-0.6b-v3.nemo",
                sha256: "3cbdc85877e668ca7b82d0d56770eb1fac76691f55d6b97545e8d61ca588d10d")
        ], size: 2509)

    /// The same weights as 8-bit integers, for processors.
    private static let parakeetONNX = Model(
        name: "parakeet-tdt-0.6b-v3", backend: .parakeet, engine: .onnxASR,
        repository: "istupakov/parakeet-tdt-0.6b-v3-onnx", revision: "8f23f0c03c8761650bdb5b40aaf3e40d2c15f1ce",
        files: [
            .init(name: "config.json", sha256: "666903c76b9798caf2c210afd4f6cd60b08a8dbf9800ec8d7a3bc0d2148ac466"),
            .init(name: "vocab.txt", sha256: "d58544679ea4bc6ac563d1f545eb7d474bd6cfa467f0a6e2c1dc1c7d37e3c35d"),
            .init(
                name: "encoder-model.int8.onnx",
                sha256: "6139d2fa7e1b086097b277c7149725edbab89cc7c7ae64b23c741be4055aff09"),
            .init(
                name: "decoder_joint-model.int8.onnx",
                sha256: "eea7483ee3d1a30375daedc8ed83e3960c91b098812127a0d99d1c8977667a70"),
        ], size: 671, folder: "parakeet-tdt-0.6b-v3-onnx")

    private static var base: Model {
        var model = Self.whisper(
            "base", revision: "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66", size: 145,
            digest: "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9")
        model.hasMirror = true
        return model
    }

    private static func whisper(
        _ name: String, repository: String? = nil, revision: String, size: Int, digest: String? = nil,
        vocabulary: String = "vocabulary.txt", hasPreprocessor: Bool = false
    ) -> Model {
        var files = [
            Model.File(name: "config.json"), Model.File(name: "model.bin", sha256: digest),
            Model.File(name: "tokenizer.json"), Model.File(name: vocabulary),
        ]
        if hasPreprocessor { files.append(Model.File(name: "preprocessor_config.json")) }
        return Model(
            name: name, backend: .whisper, engine: .fasterWhisper,
            repository: repository ?? "Systran/faster-whisper-\(name)", revision: revision, files: files, size: size)
    }
}
