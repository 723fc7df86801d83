import CastCore
import Foundation

/// Recorded prompts of a telephone system: real human speech of which every word is known.
///
/// They are Debian's `asterisk-core-sounds-en-g722` (CC-BY-SA 3.0), about thirteen minutes of usable speech.
package struct HumanPrompts: Sendable {
    package struct Prompt: Sendable, Equatable {
        /// Its name in its package, for example `vm-toreply`: the part before the first `-` or `/` tells its topic.
        package var name: String
        package var text: String
        /// The decoded recording: 16 kHz, mono, 16 bits, little-endian, without a header.
        package var samplesPath: String
        /// Its length in samples.
        package var length: Int

        package init(name: String, text: String, samplesPath: String, length: Int) {
            self.name = name
            self.text = text
            self.samplesPath = samplesPath
            self.length = length
        }

        package var topic: String { String(self.name.prefix { $0 != "-" && $0 != "/" }) }
    }

    /// In the order of their list.
    package var prompts: [Prompt]

    package init(prompts: [Prompt]) {
        self.prompts = prompts
    }

    /// Finds the prompts, or fetches them, and decodes those that can be used.
    ///
    /// - Parameters:
    ///   - cache: A folder for what is fetched and decoded; a second call finds everything there.
    ///   - minimumWords: Prompts with fewer words are left out.
    /// - Throws: `CastError` that says which package to install.
    package static func load(cache: String = ".cache", minimumWords: Int = 5) async throws -> HumanPrompts {
        let packages = try await SoundPackages.locatePrompts(cache: cache)
        let list = PromptList(parsing: try await Tool.run("gzip", ["-dc", packages.list]))
        let entries = list.usable(minimumWords: minimumWords).filter {
            FileManager.default.fileExists(atPath: "\(packages.sounds)/\($0.name).g722")
        }
        let folder = cache + "/prompts"
        try await self.decode(entries.map(\.name), from: packages.sounds, to: folder)
        return HumanPrompts(
            prompts: try entries.map { entry in
                let path = self.samplesPath(of: entry.name, in: folder)
                return Prompt(
                    name: entry.name, text: entry.text, samplesPath: path, length: try self.fileSize(path) / 2)
            })
    }

    /// Only the prompts of these topics, in the same order.
    package func about(_ topics: [String]) -> HumanPrompts {
        HumanPrompts(prompts: self.prompts.filter { topics.contains($0.topic) })
    }

    /// Joins prompts into one recording, as ``compose(_:to:)-([Composition.Options],_)`` does, in one piece.
    package func compose(_ options: Composition.Options = .init(), to path: String) async throws -> Recording {
        try await self.compose([options], to: path)
    }

    /// Joins prompts into one recording, piece after piece, and writes it.
    ///
    /// MP3 at 64 kbit/s for a path that ends in `.mp3`, raw samples for one that ends in `.s16`, else WAV. The same prompts
    /// and options give the same recording. The file appears under its name only when it is whole.
    package func compose(_ pieces: [Composition.Options], to path: String) async throws -> Recording {
        var audio = Data()
        var placements: [Recording.Placement] = []
        for options in pieces {
            let composition = Composition(lengths: self.prompts.map(\.length), options: options)
            let begin = audio.count / 2
            for part in composition.parts {
                let prompt = self.prompts[part.clip]
                let samples = try Data(contentsOf: URL(filePath: prompt.samplesPath))
                let bounds = SoundBounds.find(in: RawSamples.of(samples))
                let start = begin + part.start
                audio.append(Data(count: part.silence * 2))
                audio.append(samples)
                placements.append(
                    .init(
                        name: prompt.name, text: prompt.text, start: Self.seconds(start + bounds.lowerBound),
                        end: Self.seconds(start + bounds.upperBound)))
            }
            audio.append(Data(count: (begin + composition.length) * 2 - audio.count))
        }
        try await Self.encode(audio, to: path)
        return Recording(path: path, duration: Self.seconds(audio.count / 2), placements: placements)
    }

    private static func seconds(_ samples: Int) -> Double { Double(samples) / Double(Composition.sampleRate) }
}

// MARK: - Files

extension HumanPrompts {
    private static let rawFormat = ["-f", "s16le", "-ar", "\(Composition.sampleRate)", "-ac", "1"]
    private static let quiet = ["-v", "error", "-nostdin", "-y"]

    private static func samplesPath(of name: String, in folder: String) -> String {
        "\(folder)/\(name.replacing("/", with: "_")).s16"
    }

    private static func fileSize(_ path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }

    /// Decodes what has not been decoded before, many files to one run of ffmpeg: starting it is what takes time.
    ///
    /// Written to a folder of its own first, so that two programs may do it at once and none sees half a file.
    private static func decode(_ names: [String], from sounds: String, to folder: String) async throws {
        let files = FileManager.default
        let missing = names.filter { !files.fileExists(atPath: self.samplesPath(of: $0, in: folder)) }
        guard !missing.isEmpty else { return }
        let draft = "\(folder)/.draft-\(UUID().uuidString)"
        try files.createDirectory(atPath: draft, withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: draft) }
        let inputs = missing.flatMap { ["-f", "g722", "-i", "\(sounds)/\($0).g722"] }
        let outputs = missing.enumerated().flatMap { index, name in
            ["-map", "\(index):a"] + self.rawFormat + [self.samplesPath(of: name, in: draft)]
        }
        try await Tool.run("ffmpeg", self.quiet + inputs + outputs)
        for name in missing {
            try self.rename(self.samplesPath(of: name, in: draft), to: self.samplesPath(of: name, in: folder))
        }
    }

    private static func encode(_ audio: Data, to path: String) async throws {
        let url = URL(filePath: path)
        let draft = url.deletingLastPathComponent()
            .appending(path: ".draft-\(UUID().uuidString)-\(url.lastPathComponent)")
        let raw = draft.appendingPathExtension("s16")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: raw) }
        try audio.write(to: raw)
        guard url.pathExtension != "s16" else { return try self.rename(raw.path, to: path) }
        let coding = url.pathExtension == "mp3" ? ["-b:a", "64k"] : ["-f", "wav"]
        let source = self.quiet + self.rawFormat + ["-i", raw.path]
        try await Tool.run("ffmpeg", source + ["-map_metadata", "-1"] + coding + [draft.path])
        try self.rename(draft.path, to: path)
    }

    /// Replaces what is there, unlike Foundation's move.
    static func rename(_ source: String, to target: String) throws {
        guard Foundation.rename(source, target) == 0 else {
            throw CastError(.storageFull, "\(target) could not be written.")
        }
    }
}
