/**
 * The script for somebody's site: `<script type="module" src="embed.js">` and `<linnet-chat>` where the chat should be. It is
 * small: the app and the engine lie beside it and are fetched when a visitor asks for the chat (embed/element.ts).
 */
import { LinnetChatElement } from './embed/element.ts';

// A site may carry the script twice.
if (customElements.get('linnet-chat') === undefined) customElements.define('linnet-chat', LinnetChatElement);
