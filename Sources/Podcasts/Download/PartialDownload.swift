import CastCore
import Foundation

/// What is on disk of a download that has not ended: the bytes, and beside them what is needed to go on.
struct PartialDownload {
    /// What the server said of the recording that the bytes are of.
    struct Notes: Codable, Equatable {
        /// The address that was asked for; where redirects led may differ every time.
        var url: URL
        var etag: String?
        var lastModified: String?
        var total: Int64?
        var mediaType: String

        /// What `If-Range` may carry: a weak tag does not promise the same bytes.
        var validator: String? {
            if let etag = self.etag, !etag.hasPrefix("W/") { return etag }
            return self.lastModified
        }
    }

    let file: URL
    private let notesFile: URL

    init(for destination: URL) {
        self.file = destination.appendingPathExtension("part")
        self.notesFile = destination.appendingPathExtension("part.json")
    }

    /// The notes, if they are of the same address.
    func notes(for url: URL) -> Notes? {
        guard let data = try? Data(contentsOf: self.notesFile),
            let notes = try? JSONDecoder().decode(Notes.self, from: data), notes.url == url
        else { return nil }
        return notes
    }

    /// Written before the first byte of audio, so that no bytes are ever taken for another recording's.
    func save(_ notes: Notes) throws {
        do {
            try JSONEncoder().encode(notes).write(to: self.notesFile, options: .atomic)
        } catch {
            let name = self.notesFile.lastPathComponent
            throw (error as? CocoaError)?.code == .fileWriteOutOfSpace
                ? CastError(.storageFull, "There is no space left for \(name).", cause: error)
                : CastError(.unavailable, "\(name) cannot be written.", cause: error)
        }
    }

    func removeNotes() { try? FileManager.default.removeItem(at: self.notesFile) }

    func remove() {
        self.removeNotes()
        try? FileManager.default.removeItem(at: self.file)
    }
}

/// `Content-Range: bytes 100-199/200`, or `bytes */200`.
struct ContentRange: Equatable {
    var first: Int64?
    var total: Int64?

    init?(_ header: String?) {
        guard let match = header?.lowercased().wholeMatch(of: /\s*bytes\s+(?:(\d+)-\d+|\*)\/(\d+|\*)\s*/) else {
            return nil
        }
        self.first = match.1.flatMap { Int64($0) }
        self.total = Int64(match.2)
    }
}
