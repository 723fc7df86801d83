/// `GET /api/runpod/models`.
package struct PodModelsResponse: Sendable, Codable, Equatable {
    package struct Model: Sendable, Codable, Equatable {
        package var id: String
        package var displayName: String
        package var backend: String
        package var isEnabled: Bool
        package var sortOrder: Int

        package init(id: String, displayName: String, backend: String, isEnabled: Bool, sortOrder: Int) {
            self.id = id
            self.displayName = displayName
            self.backend = backend
            self.isEnabled = isEnabled
            self.sortOrder = sortOrder
        }

        enum CodingKeys: String, CodingKey {
            case id, backend
            case displayName = "display_name"
            case isEnabled = "is_enabled"
            case sortOrder = "sort_order"
        }
    }

    package var models: [Model]

    package init(_ models: [Model]) { self.models = models }
}

/// `POST` and `DELETE /api/runpod/models`, in the guide's form (`model_id`) and the existing server's (`id`,
/// `display_name`, `backend`).
package struct PodModelRequest: Sendable, Decodable, Equatable, ReadableBody {
    package var id: String
    package var displayName: String?
    package var backend: String?

    package init(from fields: inout FieldReader) {
        self.id = fields.has("model_id") ? fields.string("model_id") : fields.string("id")
        self.displayName = fields.optionalString("display_name")
        self.backend = fields.optionalString("backend")
    }

    /// Only the reader knows both forms.
    package init(from decoder: any Decoder) throws {
        throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "Read by field."))
    }
}
