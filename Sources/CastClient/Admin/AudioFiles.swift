import CastCore
package import Foundation

/// Which files are audio, by their ending; what is really in them, the decoder finds out.
package enum AudioFiles {
    private static let endings: Set = [
        "mp3", "m4a", "m4b", "mp4", "ogg", "oga", "opus", "wav", "flac", "aac", "wma", "webm", "mka", "mkv", "mov",
    ]

    package static func isAudio(_ path: String) -> Bool {
        self.endings.contains((path as NSString).pathExtension.lowercased())
    }

    package static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// A file as it is, or a folder's audio files by name: regular ones, not hidden, not those of folders in it.
    ///
    /// - Throws: `.notFound` when there is nothing, or no audio in the folder; `.invalid` for a device or a pipe.
    package static func find(_ path: String) throws -> [URL] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CastError(.notFound, "There is no file or folder \(path). An address must start with https://.")
        }
        let url = URL(fileURLWithPath: path)
        guard self.isFolder(path) else {
            guard self.isRegular(url) else { throw CastError(.invalid, "\(path) is neither a file nor a folder.") }
            return [url]
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw CastError(.unavailable, "The folder \(path) cannot be read.", cause: error)
        }
        let files = names.filter { !$0.hasPrefix(".") && Self.isAudio($0) }.sorted()
            .map { url.appendingPathComponent($0, isDirectory: false) }.filter(Self.isRegular)
        guard !files.isEmpty else {
            throw CastError(
                .notFound,
                "There is no audio in \(path). Endings looked for: \(Self.endings.sorted().joined(separator: ", ")).")
        }
        return files
    }

    /// Whether it is a file of bytes, or a link to one.
    private static func isRegular(_ url: URL) -> Bool {
        let path = url.resolvingSymlinksInPath().path
        return (try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType) == .typeRegular
    }
}
