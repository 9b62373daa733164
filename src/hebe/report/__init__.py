"""What people read: formatted values, result tables, figures and the HTML page."""
